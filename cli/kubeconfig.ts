import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CoreV1Api, CustomObjectsApi, type KubeConfig } from "@kubernetes/client-node";
import { isAbsent, listObjects, parseKubeconfig, renameKubeconfig, type ObjectMetadata } from "../lib/kubernetes";
import { stackPrefix } from "../plan/identities";
import { CLUSTERS } from "../tasks/wait-for-fleet/reader";
import { labDirectory, labNamespace, managementKubeconfig } from "./management";

export interface KubeconfigOptions {
    stack: string;
    /** Name of a workload cluster. Default: the management cluster. */
    cluster?: string;
}

const KNOWN_CLUSTERS_SHOWN = 10;

/** `npm run kubeconfig -- NAME`: writes a cluster's kubeconfig, ready for use on this machine, and prints its path. */
export async function kubeconfig({ stack, cluster }: KubeconfigOptions): Promise<number> {
    if (cluster === undefined) {
        await managementKubeconfig(stack);
        process.stdout.write(`${join(labDirectory(stack), "kubeconfig")}\n`);
        return 0;
    }
    const config = parseKubeconfig(await managementKubeconfig(stack));
    const namespace = await labNamespace(stack);
    const workload = await workloadKubeconfig(config, namespace, cluster);
    const content = renameKubeconfig(workload, `${stackPrefix(stack)}-${cluster}`);
    const directory = labDirectory(stack);
    await mkdir(directory, { recursive: true });
    const file = join(directory, `${cluster}.kubeconfig`);
    await writeFile(`${file}.partial`, content, { mode: 0o600 });
    await chmod(`${file}.partial`, 0o600);
    await rename(`${file}.partial`, file);
    process.stdout.write(`${file}\n`);
    return 0;
}

/**
 * The kubeconfig that Cluster API keeps for a cluster.
 * @throws Error when there is none yet, or no such cluster: names those there are
 */
async function workloadKubeconfig(config: KubeConfig, namespace: string, cluster: string): Promise<string> {
    try {
        const secret = await config
            .makeApiClient(CoreV1Api)
            .readNamespacedSecret({ name: `${cluster}-kubeconfig`, namespace });
        const value = secret.data?.["value"];
        if (value === undefined) {
            throw new Error(`the secret ${cluster}-kubeconfig holds no kubeconfig`);
        }
        return Buffer.from(value, "base64").toString();
    } catch (error) {
        if (!isAbsent(error)) {
            throw error;
        }
    }
    const clusters = await listObjects<{ metadata: ObjectMetadata }>(
        config.makeApiClient(CustomObjectsApi),
        CLUSTERS,
        namespace,
    );
    const names = clusters.map(({ metadata }) => String(metadata.name));
    if (names.includes(cluster)) {
        throw new Error(`${cluster} has no kubeconfig yet: its control plane is still being made`);
    }
    const shown = names.slice(0, KNOWN_CLUSTERS_SHOWN).join(", ");
    const more = names.length > KNOWN_CLUSTERS_SHOWN ? ", …" : "";
    throw new Error(`there is no cluster ${cluster}; there are ${names.length}: ${shown}${more}`);
}
