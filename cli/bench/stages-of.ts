import type { CustomKind } from "../../lib/kubernetes";
import { CLUSTERS, HOSTS } from "../../tasks/wait-for-fleet/reader";
import type { GrowthUsage } from "./growth";
import { MACHINES, METAL3_MACHINES, type ManagementCluster, type StoredObject } from "./management";
import { stageReport, type StageReport } from "./stages/report";

/** BareMetalHosts bear their creation in whole seconds, and the first one was seen up to a second after it. */
const CREATION_MARGIN_MS = 2000;

/**
 * Reads how long the objects of a lab that has grown spent in each stage.
 * @param existing number of hosts that it had before: with any, only the new objects count
 */
export async function stagesOf(
    cluster: ManagementCluster,
    { began }: Pick<GrowthUsage, "began">,
    existing: number,
): Promise<StageReport> {
    const since = new Date(began).getTime() - CREATION_MARGIN_MS;
    const recent = async (kind: CustomKind): Promise<StoredObject[]> =>
        (await cluster.list(kind)).filter(
            ({ metadata }) => existing === 0 || Date.parse(metadata.creationTimestamp) >= since,
        );
    const lists = {
        hosts: await recent(HOSTS),
        clusters: await recent(CLUSTERS),
        machines: await recent(MACHINES),
        metal3Machines: await recent(METAL3_MACHINES),
    };
    return stageReport(lists, new Date(began), new Date());
}
