import type { CustomKind } from "../../lib/kubernetes";
import type { GrowthUsage } from "./growth";
import type { ManagementCluster, StoredObject } from "./management";

/** BareMetalHosts bear their creation in whole seconds, and the first one was seen up to a second after it. */
const CREATION_MARGIN_MS = 2000;

/**
 * The objects of a kind that were made since a lab began to grow.
 * @param existing number of hosts that it had before
 */
export async function made(
    cluster: ManagementCluster,
    kind: CustomKind,
    { began }: Pick<GrowthUsage, "began">,
    existing: number,
): Promise<StoredObject[]> {
    const since = Date.parse(began) - CREATION_MARGIN_MS;
    return (await cluster.list(kind)).filter(
        ({ metadata }) => existing === 0 || Date.parse(metadata.creationTimestamp) >= since,
    );
}
