import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import type { Fleet } from "../../tasks/wait-for-fleet/fleet";
import type { Machinery } from "../../tasks/wait-for-fleet/machines";
import type { PartStatus } from "../../tasks/wait-for-fleet/pending";

export const config = validate({});
export const planned = plan(config, "dev");
export const host = (index: number, state: string, error = "") => ({
    name: `host-000${index}`,
    state,
    error,
    deleting: false,
    ...(index < 2 ? { consumer: `cluster-000${index}-x`, cluster: `cluster-000${index}` } : {}),
});
export const ONE = { desiredReplicas: 1, replicas: 1, upToDateReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
export const cluster = (index: number, available: boolean, message = "") => ({
    name: `cluster-000${index}`,
    available,
    message,
    queued: false,
    deleting: false,
    generation: 2,
    observedGeneration: 2,
    conditions: [
        { type: "TopologyReconciled", status: "True", observedGeneration: 2 },
        { type: "Available", status: available ? "True" : "False", observedGeneration: 2, message },
        ...["Deleting", "Remediating", "RollingOut", "ScalingUp", "ScalingDown"].map((type) => ({
            type,
            status: "False",
            observedGeneration: 2,
        })),
    ],
    controlPlane: ONE,
    workers: {},
});
export const machinery = (change: object = {}): Machinery => ({
    owners: [],
    machines: [0, 1].map((index) => ({
        name: `cluster-000${index}-x`,
        cluster: `cluster-000${index}`,
        isControlPlane: true,
        version: config.kubernetesVersion,
        deleting: false,
        hasNode: true,
        created: "2026",
        infrastructure: `cluster-000${index}-x`,
        generation: 1,
        observedGeneration: 1,
        conditions: [],
        ...(index === 0 ? change : {}),
    })),
});
export const settled: Fleet = {
    hosts: [host(0, "provisioned"), host(1, "provisioned"), host(2, "available"), host(3, "available")],
    clusters: [cluster(0, true), cluster(1, true)],
    parts: [{ kind: "Deployment", name: "metal3/fkas-0" }],
};
export const crashing: PartStatus = {
    kind: "Deployment",
    name: "metal3/ironic-conductor-0",
    trouble: "ironic-conductor-0-5d4 CrashLoopBackOff",
};
export const stopped: PartStatus = {
    kind: "Container",
    name: "m3lab-dev-pair-000-fake-ipa",
    trouble: "Exited (137)",
    lost: "start",
};
