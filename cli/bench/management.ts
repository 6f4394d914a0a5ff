import { existsSync } from "node:fs";
import { CoreV1Api, CustomObjectsApi, KubeConfig, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { listObjects } from "../../lib/kubernetes";
import { LAB_NAMESPACE, labDirectory } from "../management";

/** An object of the Kubernetes API, with the fields that the benchmark reads. */
export interface StoredObject {
    metadata: { name: string; uid: string; creationTimestamp: string };
    spec?: Record<string, unknown>;
    status?: Record<string, unknown> & {
        provisioning?: { state?: string };
        conditions?: { type: string; status: string }[];
    };
}

interface Kind {
    group: string;
    version: string;
    plural: string;
}

export const HOSTS: Kind = { group: "metal3.io", version: "v1alpha1", plural: "baremetalhosts" };
export const CLUSTERS: Kind = { group: "cluster.x-k8s.io", version: "v1beta2", plural: "clusters" };
export const MACHINES: Kind = { group: "cluster.x-k8s.io", version: "v1beta2", plural: "machines" };

export const METAL3_MACHINES: Kind = {
    group: "infrastructure.cluster.x-k8s.io",
    version: "v1beta2",
    plural: "metal3machines",
};

/** Reads and writes the objects of a lab's management cluster. */
export class ManagementCluster {
    private readonly config = new KubeConfig();

    private constructor(file: string) {
        this.config.loadFromFile(file);
    }

    /** The management cluster of a lab; undefined until the lab's program has written its kubeconfig. */
    static of(stack: string): ManagementCluster | undefined {
        const file = `${labDirectory(stack)}/kubeconfig`;
        return existsSync(file) ? new ManagementCluster(file) : undefined;
    }

    /** The management cluster of a lab that is up. @throws Error when its program has written no kubeconfig. */
    static ofRunningLab(stack: string): ManagementCluster {
        const cluster = ManagementCluster.of(stack);
        if (cluster === undefined) {
            throw new Error(`the lab of the stack ${stack} is up but has written no kubeconfig`);
        }
        return cluster;
    }

    private get objects(): CustomObjectsApi {
        return this.config.makeApiClient(CustomObjectsApi);
    }

    /** Lists objects of a kind. @param most stops once there are this many. Default: all objects. */
    list(kind: Kind, most?: number): Promise<StoredObject[]> {
        return listObjects<StoredObject>(this.objects, kind, LAB_NAMESPACE, most);
    }

    async create(kind: Kind, body: object): Promise<void> {
        await this.objects.createNamespacedCustomObject({ ...kind, namespace: LAB_NAMESPACE, body });
    }

    async patch(kind: Kind, name: string, body: object): Promise<void> {
        await this.objects.patchNamespacedCustomObject(
            { ...kind, namespace: LAB_NAMESPACE, name, body },
            setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
        );
    }

    /** Reads the values of a Secret of the lab. */
    async secret(name: string): Promise<Record<string, string>> {
        const { data } = await this.config
            .makeApiClient(CoreV1Api)
            .readNamespacedSecret({ name, namespace: LAB_NAMESPACE });
        return Object.fromEntries(
            Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
        );
    }
}
