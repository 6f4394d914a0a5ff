import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Cluster } from "./cluster";
import { certManagerPlaceholders, clusterctlDelete, writeRepository } from "./clusterctl";
import type { ClusterApiInput } from "./input";
import { preparedProviders } from "./install";

/** Definition of clusterctl's inventory, which it leaves behind. */
const INVENTORY = "providers.clusterctl.cluster.x-k8s.io";

const definition = (name: string) => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name },
});

/**
 * Removes Cluster API with CAPM3 and IPAM from a cluster that outlives the lab: the providers, as clusterctl does, then
 * what clusterctl itself has made. A removal that was interrupted is finished.
 *
 * @param directory a folder for this run alone.
 */
export async function removeClusterApi(
    input: ClusterApiInput,
    directory: string,
    signal: AbortSignal,
    onLine: (line: string) => void,
): Promise<void> {
    const cluster = new Cluster(input.kubeconfig);
    if ((await cluster.installedProviders()).length > 0) {
        const kubeconfig = join(directory, "kubeconfig");
        await writeFile(kubeconfig, input.kubeconfig, { mode: 0o600 });
        await clusterctlDelete({
            clusterctl: input.clusterctl,
            configuration: await writeRepository(directory, await preparedProviders(input, cluster)),
            kubeconfig,
            home: directory,
            timeoutSeconds: input.waitSeconds,
            signal,
            onLine,
        });
    }
    for (const manifest of [...certManagerPlaceholders(), definition(INVENTORY)]) {
        await cluster.delete(manifest);
    }
    onLine("Cluster API is removed");
}
