import { setTimeout as sleep } from "node:timers/promises";
import type { LabConfig } from "../../plan/config/keys";
import { CLASS_NAME, workloadClusterObject } from "../../plan/manifests/cluster-objects";
import type { LabPlan } from "../../plan/plan";
import { CLUSTERS } from "../../tasks/wait-for-fleet/reader";
import { waitForClusters } from "./available-clusters";
import type { ManagementCluster } from "./management";

/** The published lab's script sleeps this long after each cluster. */
const PAUSE_MS = 5000;

/** Longest wait for all clusters: six hours. */
const LIMIT_MS = 6 * 3_600_000;

/**
 * Makes the clusters in the published lab's way: one after another with a pause, once all hosts exist. Returns when all
 * clusters are Available.
 * @param plan the plan of the lab with its clusters. Pulumi has made the lab without them.
 */
export async function createClustersSerially(
    cluster: ManagementCluster,
    config: LabConfig,
    plan: LabPlan,
): Promise<void> {
    const host = plan.substrate.serviceAddress;
    if (host === undefined) {
        throw new Error("the published lab has a provisioning network, and this substrate has none");
    }
    for (const { name, port, fakeApiServer } of plan.clusters) {
        const { kubernetesVersion, controlPlaneNodes, workerNodes } = config;
        const endpoint = { host, port };
        await cluster.create(
            CLUSTERS,
            workloadClusterObject({
                name,
                namespace: plan.namespace,
                className: CLASS_NAME,
                kubernetesVersion,
                controlPlaneNodes,
                workerNodes,
                endpoint,
                fakeApiServer,
            }),
        );
        await sleep(PAUSE_MS);
    }
    await waitForClusters(cluster, plan.clusters.length, { timeoutMs: LIMIT_MS, everyMs: 1000 });
}
