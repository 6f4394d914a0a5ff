import type { CustomKind } from "../../lib/kubernetes";
import { CLUSTERS, HOSTS, MACHINES, METAL3_MACHINES } from "../../tasks/wait-for-fleet/reader";
import type { GrowthUsage } from "./growth";
import { made } from "./made";
import type { ManagementCluster, StoredObject } from "./management";
import { stageReport, type StageReport } from "./stages/report";

/**
 * Reads how long the objects of a lab that has grown spent in each stage.
 * @param since when the run began: what was there before does not count. Undefined: the lab had nothing
 */
export async function stagesOf(
    cluster: ManagementCluster,
    growth: Pick<GrowthUsage, "began">,
    since: Date | undefined,
): Promise<StageReport> {
    const recent = (kind: CustomKind): Promise<StoredObject[]> => made(cluster, kind, since);
    const lists = {
        hosts: await recent(HOSTS),
        clusters: await recent(CLUSTERS),
        machines: await recent(MACHINES),
        metal3Machines: await recent(METAL3_MACHINES),
    };
    return stageReport(lists, new Date(growth.began), new Date());
}
