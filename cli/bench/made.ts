import type { CustomKind } from "../../lib/kubernetes";
import type { ManagementCluster, StoredObject } from "./management";

/** Kubernetes notes the creation of an object in whole seconds. */
const RESOLUTION_MS = 1000;

/** Whether an object was made since a run began. @param since undefined: the lab had nothing before */
export const isMadeSince = (since: Date | undefined, creationTimestamp: string): boolean =>
    since === undefined || Date.parse(creationTimestamp) > since.getTime() - RESOLUTION_MS;

/**
 * The objects of a kind that were made since a run began.
 * @param since undefined: the lab had nothing before
 */
export const made = async (
    cluster: ManagementCluster,
    kind: CustomKind,
    since: Date | undefined,
): Promise<StoredObject[]> =>
    (await cluster.list(kind)).filter(({ metadata }) => isMadeSince(since, metadata.creationTimestamp));
