import { existsSync, readFileSync } from "node:fs";
import { CoreV1Api, CustomObjectsApi, PatchStrategy, setHeaderOptions, type KubeConfig } from "@kubernetes/client-node";
import { isAbsent, listObjects, parseKubeconfig, type CustomKind } from "../../lib/kubernetes";
import { labDirectory } from "../management";

/** An object of the Kubernetes API, with the fields that the benchmark reads. */
export interface StoredObject {
    metadata: { name: string; uid: string; creationTimestamp: string };
    spec?: Record<string, unknown>;
    status?: Record<string, unknown> & {
        provisioning?: { state?: string };
        conditions?: { type: string; status: string }[];
    };
}

/** The entries of a Secret, decoded. */
export async function secretOf(config: KubeConfig, namespace: string, name: string): Promise<Record<string, string>> {
    const { data } = await config.makeApiClient(CoreV1Api).readNamespacedSecret({ name, namespace });
    return Object.fromEntries(
        Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
    );
}

/** Reads and writes the objects of a lab's management cluster. */
export class ManagementCluster {
    private constructor(
        readonly config: KubeConfig,
        /** Path of its kubeconfig. */
        readonly kubeconfig: string,
        /** Namespace of the lab. */
        readonly namespace: string,
    ) {}

    /** The management cluster of a lab; undefined until the lab's program has written its kubeconfig. */
    static of(stack: string, namespace: string): ManagementCluster | undefined {
        const file = `${labDirectory(stack)}/kubeconfig`;
        return existsSync(file) ? ManagementCluster.at(file, namespace) : undefined;
    }

    /** The management cluster of a kubeconfig's file. */
    static at(file: string, namespace: string): ManagementCluster {
        return new ManagementCluster(parseKubeconfig(readFileSync(file, "utf8")), file, namespace);
    }

    private get objects(): CustomObjectsApi {
        return this.config.makeApiClient(CustomObjectsApi);
    }

    /** Lists objects of a kind. @param most stops once there are this many. Default: all objects. */
    list(kind: CustomKind, most?: number): Promise<StoredObject[]> {
        return listObjects<StoredObject>(this.objects, kind, this.namespace, most);
    }

    /** Whether there is an object. A kind that is not there yet has none. */
    async has(kind: CustomKind, name: string): Promise<boolean> {
        try {
            await this.objects.getNamespacedCustomObject({ ...kind, namespace: this.namespace, name });
            return true;
        } catch (error) {
            if (isAbsent(error)) {
                return false;
            }
            throw error;
        }
    }

    async create(kind: CustomKind, body: object): Promise<void> {
        await this.objects.createNamespacedCustomObject({ ...kind, namespace: this.namespace, body });
    }

    async patch(kind: CustomKind, name: string, body: object): Promise<void> {
        await this.objects.patchNamespacedCustomObject(
            { ...kind, namespace: this.namespace, name, body },
            setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
        );
    }

    /** Name of a pod of the lab that is ready and has a label. @throws Error when there is none. */
    async readyPod(labelSelector: string): Promise<string> {
        const { items } = await this.config
            .makeApiClient(CoreV1Api)
            .listNamespacedPod({ namespace: this.namespace, labelSelector });
        const isReady = items.find(({ status }) =>
            status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True"),
        );
        const name = isReady?.metadata?.name;
        if (name === undefined) {
            throw new Error(`none of ${items.length} pods with ${labelSelector} in ${this.namespace} is ready`);
        }
        return name;
    }

    /**
     * What a container of each running pod with a label has logged, each line with its time before it (RFC 3339).
     * @param sinceSeconds how far back
     */
    async logs(labelSelector: string, container: string, sinceSeconds: number): Promise<string[]> {
        const api = this.config.makeApiClient(CoreV1Api);
        const { namespace } = this;
        const { items } = await api.listNamespacedPod({
            namespace,
            labelSelector,
            fieldSelector: "status.phase=Running",
        });
        const names = items.flatMap(({ metadata }) => metadata?.name ?? []);
        const read = (name: string): Promise<string> =>
            api.readNamespacedPodLog({ namespace, name, container, sinceSeconds, timestamps: true });
        return Promise.all(names.map(read));
    }

    /** Reads the values of a Secret of the lab. */
    secret(name: string): Promise<Record<string, string>> {
        return secretOf(this.config, this.namespace, name);
    }
}
