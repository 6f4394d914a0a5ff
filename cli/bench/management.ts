import { existsSync } from "node:fs";
import { CoreV1Api, CustomObjectsApi, KubeConfig, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { LAB_NAMESPACE, labDirectory } from "../management";

const PAGE = 500;

export interface StoredObject {
    metadata: { name: string; creationTimestamp: string };
    spec?: Record<string, unknown>;
    status?: Record<string, unknown> & { provisioning?: { state?: string } };
}

interface Kind {
    group: string;
    version: string;
    plural: string;
}

export const HOSTS: Kind = { group: "metal3.io", version: "v1alpha1", plural: "baremetalhosts" };
export const CLUSTERS: Kind = { group: "cluster.x-k8s.io", version: "v1beta2", plural: "clusters" };
export const MACHINES: Kind = { group: "cluster.x-k8s.io", version: "v1beta2", plural: "machines" };

export const METAL3_MACHINES: Kind = { group: "infrastructure.cluster.x-k8s.io", version: "v1beta2", plural: "metal3machines" };

/** The management cluster of a lab, as the benchmark looks at it. */
export class ManagementCluster {
    private readonly config = new KubeConfig();

    private constructor(file: string) {
        this.config.loadFromFile(file);
    }

    /** Undefined until the lab's program has written its kubeconfig. */
    static of(stack: string): ManagementCluster | undefined {
        const file = `${labDirectory(stack)}/kubeconfig`;
        return existsSync(file) ? new ManagementCluster(file) : undefined;
    }

    private get objects(): CustomObjectsApi {
        return this.config.makeApiClient(CustomObjectsApi);
    }

    /** All objects of a kind, a page at a time. */
    async list(kind: Kind, most = Infinity): Promise<StoredObject[]> {
        const items: StoredObject[] = [];
        let next: string | undefined;
        do {
            const answer = (await this.objects.listNamespacedCustomObject({
                ...kind,
                namespace: LAB_NAMESPACE,
                limit: Math.min(PAGE, most),
                ...(next ? { _continue: next } : {}),
            })) as { items: StoredObject[]; metadata?: { _continue?: string; continue?: string } };
            items.push(...answer.items);
            next = answer.metadata?._continue ?? answer.metadata?.continue;
        } while (next && items.length < most);
        return items;
    }

    async create(kind: Kind, body: object): Promise<void> {
        await this.objects.createNamespacedCustomObject({ ...kind, namespace: LAB_NAMESPACE, body });
    }

    async patch(kind: Kind, name: string, body: object): Promise<void> {
        await this.objects.patchNamespacedCustomObject({ ...kind, namespace: LAB_NAMESPACE, name, body }, setHeaderOptions("Content-Type", PatchStrategy.MergePatch));
    }

    /** Values of a Secret of the lab. */
    async secret(name: string): Promise<Record<string, string>> {
        const { data } = await this.config.makeApiClient(CoreV1Api).readNamespacedSecret({ name, namespace: LAB_NAMESPACE });
        return Object.fromEntries(Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]));
    }
}
