import type { V1Deployment, V1Pod, V1StatefulSet } from "@kubernetes/client-node";

/** Longest message of Kubernetes that is repeated, characters; its end says most. */
const MESSAGE_LIMIT = 300;

/**
 * Whether a Deployment is Available at its newest generation: an old pod's answer says nothing of a changed Deployment.
 */
export function isAvailable({ status, spec, metadata }: V1Deployment): boolean {
    const wanted = spec?.replicas ?? 1;
    return (
        (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 1) &&
        (status?.updatedReplicas ?? 0) >= wanted &&
        (status?.availableReplicas ?? 0) >= wanted &&
        (status?.conditions ?? []).some((condition) => condition.type === "Available" && condition.status === "True")
    );
}

/** Whether all pods of a StatefulSet are Ready at its newest generation. */
export function isReady({ status, spec, metadata }: V1StatefulSet): boolean {
    const wanted = spec?.replicas ?? 1;
    return (
        (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 1) &&
        (status?.readyReplicas ?? 0) >= wanted &&
        (status?.updateRevision === undefined || status.currentRevision === status.updateRevision)
    );
}

/** Why a pod does not run, in a few words; undefined when it is Ready. */
export function podTrouble(pod: V1Pod): string | undefined {
    const conditions = pod.status?.conditions ?? [];
    if (conditions.some((condition) => condition.type === "Ready" && condition.status === "True")) {
        return undefined;
    }
    const name = pod.metadata?.name ?? "a pod";
    const containers = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
    for (const { state, lastState } of containers) {
        // A pod starts its containers after its init containers: while those run, the others only wait for them.
        if (state?.waiting === undefined || state.waiting.reason === "PodInitializing") {
            continue;
        }
        const ended = lastState?.terminated;
        const last =
            ended === undefined ? "" : `, last exit code ${ended.exitCode}: ${oneLine(ended.message ?? ended.reason)}`;
        const message = oneLine(state.waiting.message);
        return `${name} ${state.waiting.reason ?? "waiting"}${message === "" ? "" : ` ${message}`}${last}`;
    }
    const unscheduled = conditions.find(
        (condition) => condition.type === "PodScheduled" && condition.status === "False",
    );
    return unscheduled === undefined
        ? `${name} ${pod.status?.phase ?? "unknown"}, not ready`
        : `${name} not scheduled: ${oneLine(unscheduled.message)}`;
}

function oneLine(text: string | undefined): string {
    return (text ?? "").replace(/\s+/g, " ").trim().slice(-MESSAGE_LIMIT);
}
