import { waitUntil } from "../../lib/wait-until";
import { CLUSTERS, clusterStatus } from "../../tasks/wait-for-fleet/reader";
import type { ManagementCluster, StoredObject } from "./management";

/** Counts clusters as the wait for the fleet does: not those that are queued or are being deleted. */
export const availableClusters = (clusters: readonly StoredObject[]): number =>
    clusters.map(clusterStatus).filter(({ available }) => available).length;

/** Waits until a number of clusters is Available. @param wait limit and pause between two looks, milliseconds. */
export async function waitForClusters(
    cluster: ManagementCluster,
    wanted: number,
    wait: { timeoutMs: number; everyMs: number },
): Promise<void> {
    await waitUntil({
        what: `${wanted} clusters to be Available`,
        ...wait,
        look: async () => {
            const available = availableClusters(await cluster.list(CLUSTERS));
            return available >= wanted ? { done: true } : { pending: [`${available} are Available`] };
        },
    });
}
