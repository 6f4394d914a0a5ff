import type { ObjectMetadata } from "../../lib/kubernetes";
import { queuedValue } from "../../plan/manifests/cluster-objects";
import { condition, conditionTrouble, oneLine, type Condition, type Observed } from "./conditions";
import { clusterPausedBy, type PausableCluster, type PausedBy } from "./pauses";
import type { Pending } from "./pending";

/** What every cluster of a lab should be. */
export interface ClusterShape {
    controlPlaneNodes: number;
    workerNodes: number;
    /** With its leading v. */
    kubernetesVersion: string;
}

/** Numbers of a cluster's machines of one role. */
export interface Replicas {
    desiredReplicas?: number;
    replicas?: number;
    upToDateReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
}

/** What the wait for the fleet reads of a Cluster. */
export interface ClusterStatus extends Observed {
    name: string;
    /** Its Available condition holds, and it is neither queued nor being deleted. */
    available: boolean;
    /** Message of the Available condition; of a queued cluster, what the queue waits for. */
    message: string;
    queued: boolean;
    deleting: boolean;
    controlPlane: Replicas;
    workers: Replicas;
    /** What pauses it, if somebody has paused it by hand. */
    pausedBy?: PausedBy;
    /** Since when it is not Available, or as it is, ISO 8601. */
    since?: string;
}

/** The fields of a Cluster that are read. */
export interface ClusterObject extends PausableCluster {
    metadata?: ObjectMetadata & { labels?: Record<string, string> };
    status?: {
        observedGeneration?: number;
        conditions?: Condition[];
        controlPlane?: Replicas;
        workers?: Replicas;
    };
}

/** True while a cluster is on its way to something. */
const ON_ITS_WAY = ["Deleting", "Remediating", "RollingOut", "ScalingUp", "ScalingDown"];

const COUNTS = ["desiredReplicas", "replicas", "upToDateReplicas", "readyReplicas", "availableReplicas"] as const;

/**
 * What is to be said of a Cluster. A queued Cluster is paused, so its conditions do not count: a new one has none yet,
 * and those of a Cluster which was queued again may be outdated.
 */
export function clusterStatus(object: ClusterObject): ClusterStatus {
    const { metadata, status } = object;
    const queued = queuedValue(metadata?.annotations);
    const deleting = metadata?.deletionTimestamp !== undefined;
    const conditions = status?.conditions ?? [];
    const available = condition({ conditions }, "Available");
    const [pausedBy] = clusterPausedBy(object);
    const since = metadata?.deletionTimestamp ?? available?.lastTransitionTime ?? metadata?.creationTimestamp;
    return {
        name: metadata?.name ?? "",
        available: available?.status === "True" && queued === undefined && !deleting,
        message:
            queued === undefined
                ? oneLine(available?.message)
                : `queued: waits for its ${queued} hosts to be available`,
        queued: queued !== undefined,
        deleting,
        generation: metadata?.generation ?? 0,
        observedGeneration: status?.observedGeneration ?? 0,
        conditions,
        controlPlane: status?.controlPlane ?? {},
        workers: status?.workers ?? {},
        ...(pausedBy === undefined ? {} : { pausedBy }),
        ...(since === undefined ? {} : { since }),
    };
}

/**
 * Why a Cluster is not where it should be; none when it is.
 * @param hosts number of hosts that are provisioned for its machines
 */
export function pendingCluster(
    name: string,
    cluster: ClusterStatus | undefined,
    shape: ClusterShape,
    hosts: number,
): Pending[] {
    if (cluster === undefined) {
        return [{ kind: "Cluster", name, reason: "does not exist", lost: "refresh" }];
    }
    const reason = clusterTrouble(cluster, shape, hosts);
    return reason === undefined ? [] : [{ kind: "Cluster", name, reason }];
}

function clusterTrouble(cluster: ClusterStatus, shape: ClusterShape, hosts: number): string | undefined {
    if (cluster.deleting) {
        return "being deleted";
    }
    if (cluster.queued) {
        return cluster.message;
    }
    // The topology controller says first whether it has seen a change, then whether all parts of the Cluster have it.
    for (const type of ["TopologyReconciled", "Available"]) {
        const trouble = conditionTrouble(cluster, type, "True");
        if (trouble !== undefined) {
            return trouble;
        }
    }
    if (cluster.observedGeneration < cluster.generation) {
        return "its controller has not seen the last change yet";
    }
    for (const type of ON_ITS_WAY) {
        const trouble = conditionTrouble(cluster, type, "False");
        if (trouble !== undefined) {
            return trouble;
        }
    }
    const wanted = shape.controlPlaneNodes + shape.workerNodes;
    return (
        replicaTrouble("control plane", cluster.controlPlane, shape.controlPlaneNodes) ??
        replicaTrouble("workers", cluster.workers, shape.workerNodes) ??
        (hosts === wanted ? undefined : `${hosts} hosts are provisioned for its machines (wanted: ${wanted})`)
    );
}

/** A cluster without workers has no MachineDeployment, and its Cluster no numbers of workers. */
function replicaTrouble(role: string, replicas: Replicas, wanted: number): string | undefined {
    const other = COUNTS.find((count) => (replicas[count] ?? 0) !== wanted);
    return other === undefined ? undefined : `${role}: ${other} is ${replicas[other] ?? 0} (wanted: ${wanted})`;
}
