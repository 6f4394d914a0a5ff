import type { LabPlan } from "../../plan/plan";

/** State of a host that is paused until FKAS releases it: BMO has given it none yet. */
export const QUEUED = "queued";

/** What the wait for the fleet reads of a BareMetalHost. */
export interface HostStatus {
    name: string;
    /** `status.provisioning.state`; "queued" until FKAS has released the host, "" until BMO has seen it. */
    state: string;
    /** `status.errorMessage`, or "". */
    error: string;
    /** The host is being deleted: it has left its wanted state for good. */
    deleting: boolean;
    /** A machine uses the host (`spec.consumerRef`). */
    used: boolean;
}

/** What the wait for the fleet reads of a Cluster. */
export interface ClusterStatus {
    name: string;
    available: boolean;
    /** Message of the Available condition; of a queued cluster, what the queue waits for. */
    message: string;
}

/** A part that the fleet lives on: a Deployment or StatefulSet of the lab, or a Docker container. */
export interface PartStatus {
    kind: "Deployment" | "StatefulSet" | "Container";
    /** Of a Kubernetes object: namespace/name. */
    name: string;
    /** Why the part does not work; undefined when it does. */
    trouble?: string;
    /** Nothing in the lab brings the part back. */
    lost?: Remedy;
}

/** What a person has to do about an object that nothing in the lab brings back. */
export type Remedy = "refresh" | "start";

/** The fleet as one look found it. */
export interface Fleet {
    hosts: HostStatus[];
    clusters: ClusterStatus[];
    parts: PartStatus[];
}

/** Where everything should be when `up` ends. The parts of the lab need no list: all of them should work. */
export interface Wanted {
    hosts: {
        name: string;
        /** Provisioning states, any of which will do. */
        states: readonly string[];
        /**
         * The host may be in use instead: its cluster is about to be deleted, which Pulumi does only after the wait,
         * and the cluster releases the host then.
         */
        mayBeUsed: boolean;
    }[];
    clusters: string[];
}

/**
 * What the configuration wants of each host and cluster.
 * @param wait "hosts": every host is enrolled and usable, whatever it is used for. "clusters": every host is
 * available or provisioned, and every cluster is Available.
 */
export function wanted(plan: LabPlan, wait: "hosts" | "clusters"): Wanted {
    const settled = ["available", "provisioned"] as const;
    if (wait === "hosts") {
        return { hosts: plan.hosts.map(({ name }) => ({ name, states: settled, mayBeUsed: true })), clusters: [] };
    }
    // Which hosts the machines get is decided in the lab.
    return {
        hosts: plan.hosts.map(({ name }) => ({ name, states: settled, mayBeUsed: false })),
        clusters: plan.clusters.map(({ name }) => name),
    };
}

/** An object that is not where it should be. */
export interface Pending {
    kind: PartStatus["kind"] | "BareMetalHost" | "Cluster";
    name: string;
    /** The object's state and its last error. */
    reason: string;
    /** Nothing in the lab brings the object back. */
    lost?: Remedy;
}

/** The objects that are not where they should be. Parts come first: hosts and clusters often wait only for them. */
export function pendingObjects(fleet: Fleet, want: Wanted): Pending[] {
    const hosts = new Map(fleet.hosts.map((host) => [host.name, host]));
    const clusters = new Map(fleet.clusters.map((cluster) => [cluster.name, cluster]));
    return [
        ...pendingParts(fleet.parts),
        ...want.hosts.flatMap((each) => pendingHost(hosts.get(each.name), each)),
        ...want.clusters.flatMap((name) => pendingCluster(clusters.get(name), name)),
    ];
}

/** The parts that do not work. */
export const pendingParts = (parts: readonly PartStatus[]): Pending[] =>
    parts.flatMap(({ kind, name, trouble, lost }) =>
        trouble === undefined ? [] : [{ kind, name, reason: trouble, ...(lost ? { lost } : {}) }],
    );

function pendingHost(host: HostStatus | undefined, { name, states, mayBeUsed }: Wanted["hosts"][number]): Pending[] {
    const where = `(wanted: ${states.join(" or ")})`;
    if (host === undefined) {
        return [{ kind: "BareMetalHost", name, reason: `does not exist ${where}`, lost: "refresh" }];
    }
    if (!host.deleting && (states.includes(host.state) || (mayBeUsed && host.used))) {
        return [];
    }
    const state = `${host.deleting ? "being deleted, " : ""}${host.state || "not seen by BMO yet"}`;
    return [{ kind: "BareMetalHost", name, reason: `${state}${host.error ? `: ${host.error}` : ""} ${where}` }];
}

function pendingCluster(cluster: ClusterStatus | undefined, name: string): Pending[] {
    if (cluster === undefined) {
        return [{ kind: "Cluster", name, reason: "does not exist", lost: "refresh" }];
    }
    return cluster.available ? [] : [{ kind: "Cluster", name, reason: cluster.message || "not Available yet" }];
}

/** One line of counts: hosts by state, clusters that are Available, parts that do not work. */
export function progressLine(fleet: Fleet, want: Wanted, elapsedSeconds: number): string {
    const states = new Map<string, number>();
    for (const { state } of fleet.hosts) {
        states.set(state || "new", (states.get(state || "new") ?? 0) + 1);
    }
    const hosts = [...states].map(([state, count]) => `${count} ${state}`).join(", ");
    const available = fleet.clusters.filter(
        (cluster) => cluster.available && want.clusters.includes(cluster.name),
    ).length;
    const clusters = want.clusters.length > 0 ? `; clusters: ${available} of ${want.clusters.length} Available` : "";
    const broken = pendingParts(fleet.parts).map(({ name }) => name);
    const parts = broken.length > 0 ? `; not ready: ${broken.join(", ")}` : "";
    return `hosts: ${hosts || "none yet"} of ${want.hosts.length}${clusters}${parts} (${Math.round(elapsedSeconds)} s)`;
}
