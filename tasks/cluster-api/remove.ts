import { waitUntil } from "../../lib/wait-until";
import type { Cluster } from "./cluster";
import { certManagerPlaceholders } from "./clusterctl";

/** Label that clusterctl gives to everything that it installs (Cluster API, cmd/clusterctl/api/v1alpha3/labels.go). */
const INSTALLED = "clusterctl.cluster.x-k8s.io";

/** Definition of clusterctl's inventory, which has no such label. */
const INVENTORY = "providers.clusterctl.cluster.x-k8s.io";

/**
 * What is in the whole cluster, in the order in which it goes. Definitions come first, and their objects with them,
 * while the controllers still let go of those. Namespaces take all that is in them.
 */
const KINDS = [
    ["apiextensions.k8s.io/v1", "CustomResourceDefinition"],
    ["admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"],
    ["admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"],
    ["v1", "Namespace"],
    ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding"],
    ["rbac.authorization.k8s.io/v1", "ClusterRole"],
] as const;

/**
 * Removes Cluster API with CAPM3 and IPAM from a cluster that outlives the lab, and what clusterctl itself has made. It
 * is not done by `clusterctl delete`, which lists every kind of the cluster and needs the right to read all of them,
 * nodes and everybody's volumes included. A removal that was interrupted is finished.
 * @param seconds limit of the wait for each kind
 * @throws WaitTimeout naming what is still there
 */
export async function removeClusterApi(
    cluster: Pick<Cluster, "delete" | "labelled">,
    seconds: number,
    signal: AbortSignal,
    onLine: (line: string) => void,
): Promise<void> {
    for (const [apiVersion, kind] of KINDS) {
        const names = await cluster.labelled(apiVersion, kind, INSTALLED);
        for (const name of names) {
            await cluster.delete({ apiVersion, kind, metadata: { name } });
        }
        onLine(`${kind}: ${names.length} to remove`);
        await waitUntil<void>({
            what: `${kind}s of Cluster API to be gone`,
            timeoutMs: seconds * 1000,
            look: async () => {
                const left = await cluster.labelled(apiVersion, kind, INSTALLED);
                return left.length === 0 ? { done: undefined } : { pending: left };
            },
            onProgress: onLine,
            signal,
        });
    }
    const definition = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };
    for (const manifest of [...certManagerPlaceholders(), { ...definition, metadata: { name: INVENTORY } }]) {
        await cluster.delete(manifest);
    }
    onLine("Cluster API is removed");
}
