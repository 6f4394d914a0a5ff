import { setTimeout as sleep } from "node:timers/promises";
import type { LabConfig } from "../../plan/config/keys";
import { CLASS_NAME, workloadClusterObject } from "../../plan/manifests/cluster-objects";
import type { LabPlan } from "../../plan/plan";
import { clusterStatus } from "../../tasks/wait-for-fleet/reader";
import { LAB_NAMESPACE } from "../management";
import { until } from "./lab";
import { CLUSTERS, type ManagementCluster } from "./management";

/** The published scripts sleep so long after each cluster. Seconds. */
const PAUSE_SECONDS = 5;

/** Hours after which a published run is given up. */
const LIMIT_SECONDS = 6 * 3600;

/**
 * The published lab's way to make clusters: one after another, with a pause, once all hosts are there. Returns when all are Available.
 * @param plan of the lab with its clusters, which Pulumi has made without them.
 */
export async function publishedClusters(cluster: ManagementCluster, config: LabConfig, plan: LabPlan): Promise<void> {
    const count = plan.clusters.length;
    for (const { name, port, fakeApiServer } of plan.clusters) {
        const { kubernetesVersion, controlPlaneNodes, workerNodes } = config;
        const endpoint = { host: plan.substrate.serviceAddress, port };
        await cluster.create(
            CLUSTERS,
            workloadClusterObject({
                name,
                namespace: LAB_NAMESPACE,
                className: CLASS_NAME,
                kubernetesVersion,
                controlPlaneNodes,
                workerNodes,
                endpoint,
                fakeApiServer,
            }),
        );
        await sleep(PAUSE_SECONDS * 1000);
    }
    await until(`${count} clusters to be Available`, LIMIT_SECONDS, new AbortController().signal, async () => {
        const all = (await cluster.list(CLUSTERS)).map(clusterStatus);
        return all.filter(({ available }) => available).length === count || undefined;
    });
}
