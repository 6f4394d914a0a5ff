import type { Observation } from "../../cli/status/observe";
import { pendingOf } from "../../cli/status/pending-of";
import type { LookedAt } from "../../cli/status/summary";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { clusterStatus, type ClusterObject } from "../../tasks/wait-for-fleet/clusters";
import { NO_EVIDENCE, type Evidence, type Metal3MachineStatus } from "../../tasks/wait-for-fleet/evidence";
import { wanted, type Fleet } from "../../tasks/wait-for-fleet/fleet";
import { hostStatus, type HostObject } from "../../tasks/wait-for-fleet/hosts";
import { machineStatus, type MachineryObject, type MachineStatus } from "../../tasks/wait-for-fleet/machines";

export const NOW = new Date("2026-03-02T10:10:00Z");
/** A time so many minutes before now, as Kubernetes writes it. */
export const ago = (minutes: number): string =>
    new Date(NOW.getTime() - minutes * 60_000).toISOString().replace(".000Z", "Z");

const config = validate({});
/** The default lab, four hosts in two pairs and two clusters, of the stack "mine". */
export const LAB: LookedAt = {
    plan: plan(config, "mine"),
    want: wanted(plan(config, "mine"), config, "clusters"),
    commands: {
        refresh: "npm run up -- --refresh --stack mine",
        lookAt: (name) => `npm run describe -- ${name} --stack mine`,
    },
};

const TRUE = ["Available", "TopologyReconciled"];
const FALSE = ["Deleting", "Remediating", "RollingOut", "ScalingUp", "ScalingDown"];
const ONE = { desiredReplicas: 1, replicas: 1, upToDateReplicas: 1, readyReplicas: 1, availableReplicas: 1 };

/** A Cluster as Cluster API v1beta2 writes it. @param unmet message of each condition that does not hold */
export function clusterObject(
    name: string,
    unmet: Record<string, string> = {},
    change: ClusterObject = {},
): ClusterObject {
    const entry = (type: string, status: string) => ({
        type,
        status: unmet[type] === undefined ? status : status === "True" ? "False" : "True",
        reason: "Some",
        message: unmet[type] ?? "",
        observedGeneration: 2,
        lastTransitionTime: ago(unmet[type] === undefined ? 60 : 5),
    });
    return {
        ...change,
        metadata: { name, generation: 2, creationTimestamp: ago(90), ...change.metadata },
        status: {
            observedGeneration: 2,
            conditions: [...TRUE.map((type) => entry(type, "True")), ...FALSE.map((type) => entry(type, "False"))],
            controlPlane: ONE,
            workers: {},
        },
    };
}

/** A BareMetalHost as BMO writes it. @param machine the Metal3Machine that uses it, of the cluster of its name */
export function hostObject(index: number, state: string, machine?: string, errorMessage = ""): HostObject {
    const cluster = machine?.replace(/-control-plane.*/, "");
    return {
        metadata: {
            name: `host-000${index}`,
            creationTimestamp: ago(90),
            labels: cluster === undefined ? {} : { "cluster.x-k8s.io/cluster-name": cluster },
        },
        spec: machine === undefined ? {} : { consumerRef: { name: machine }, image: {} },
        status: {
            operationalStatus: errorMessage === "" ? "OK" : "error",
            errorMessage,
            provisioning: { state, ID: `node-${index}` },
            operationHistory: {
                register: { start: ago(80), end: ago(79) },
                inspect: { start: ago(79), end: ago(78) },
                provision: { start: ago(4), end: state === "provisioned" ? ago(3) : null },
            },
        },
    };
}

export const machineOf = (cluster: string, change: Partial<MachineryObject["status"]> = {}): MachineStatus =>
    machineStatus({
        metadata: {
            name: `${cluster}-control-plane-x`,
            creationTimestamp: ago(6),
            labels: { "cluster.x-k8s.io/cluster-name": cluster, "cluster.x-k8s.io/control-plane": "" },
        },
        spec: { version: "v1.35.4", infrastructureRef: { name: `${cluster}-control-plane-x` } },
        status: { conditions: [], ...change },
    });

export const metal3MachineOf = (cluster: string, message: string): Metal3MachineStatus => ({
    name: `${cluster}-control-plane-x`,
    conditions: [
        { type: "AssociateBareMetalHost", status: "False", message, lastTransitionTime: ago(5) },
        { type: "Ready", status: "False", message: "other", lastTransitionTime: ago(5) },
    ],
});

const USED = ["cluster-0000", "cluster-0001"].map((cluster) => `${cluster}-control-plane-x`);
/** Hosts of a lab in which all is well. */
export const HOSTS: readonly HostObject[] = [
    hostObject(0, "provisioned", USED[0]),
    hostObject(1, "provisioned", USED[1]),
    hostObject(2, "available"),
    hostObject(3, "available"),
];
export const CLUSTERS: readonly ClusterObject[] = [clusterObject("cluster-0000"), clusterObject("cluster-0001")];

/** A look at a lab in which all is well but for this. */
export function observed(
    change: {
        hosts?: readonly HostObject[];
        clusters?: readonly ClusterObject[];
        parts?: Fleet["parts"];
        evidence?: Partial<Evidence>;
    } & Partial<Pick<Observation, "ironicNodes" | "bmcs" | "podCores" | "notes">> = {},
    want = LAB.want,
): Observation {
    const { hosts = HOSTS, clusters = CLUSTERS, parts = [], evidence, ...more } = change;
    const fleet = { hosts: hosts.map(hostStatus), clusters: clusters.map(clusterStatus), parts };
    return {
        fleet,
        hosts,
        clusters,
        pending: pendingOf(fleet, want),
        evidence: { ...NO_EVIDENCE, ...evidence },
        ironicNodes: undefined,
        bmcs: undefined,
        podCores: new Map(),
        notes: [],
        look: { requests: {}, milliseconds: 1 },
        ...more,
    };
}

/** The hosts, of which these are others. */
export const hostsWith = (...others: HostObject[]): HostObject[] =>
    HOSTS.map((host) => others.find(({ metadata }) => metadata?.name === host.metadata?.name) ?? host);
