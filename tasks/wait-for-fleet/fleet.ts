import type { LabPlan } from "../../plan/plan";

/** What the gate reads of a BareMetalHost. */
export interface HostStatus {
    name: string;
    /** status.provisioning.state; "queued" before FKAS has let it in, "" before BMO has seen it. */
    state: string;
    error: string;
    /** It has left its wanted place for good: being deleted. */
    deleting: boolean;
    /** A machine uses it (spec.consumerRef). */
    used: boolean;
}

/** What the gate reads of a Cluster. */
export interface ClusterStatus {
    name: string;
    available: boolean;
    /** Message of the Available condition, or, while it is queued, what it waits for. */
    message: string;
}

export interface Fleet {
    hosts: HostStatus[];
    clusters: ClusterStatus[];
}

/** Where everything should be when `up` ends. */
export interface Wanted {
    hosts: {
        name: string;
        states: readonly string[];
        /** Its cluster is leaving: Pulumi deletes only after the gate, and the host is let go of then. */
        mayBeUsed: boolean;
    }[];
    clusters: string[];
}

/**
 * @param wait "hosts": every host enrolled and usable, whatever it is used for; "clusters": the hosts of the clusters
 * provisioned, the others available, and every cluster Available.
 */
export function wanted(plan: LabPlan, machinesPerCluster: number, wait: "hosts" | "clusters"): Wanted {
    const settled = ["available", "provisioned"] as const;
    if (wait === "hosts") {
        return { hosts: plan.hosts.map(({ name }) => ({ name, states: settled, mayBeUsed: true })), clusters: [] };
    }
    const clusters = new Set(plan.clusters.map(({ name }) => name));
    return {
        hosts: plan.hosts.map((host) => {
            if (!clusters.has(host.cluster)) {
                return { name: host.name, states: ["available"], mayBeUsed: true };
            }
            // With hosts in reserve it is CAPM3's choice which of a cluster's hosts its machines take.
            return {
                name: host.name,
                states: machinesPerCluster === plan.hostsPerCluster ? ["provisioned"] : settled,
                mayBeUsed: false,
            };
        }),
        clusters: [...clusters],
    };
}

/** An object that is not where it should be. */
export interface Laggard {
    kind: "BareMetalHost" | "Cluster";
    name: string;
    /** What it is, and its last error. */
    reason: string;
    /** It is not there at all. */
    missing?: true;
}

export function laggards(fleet: Fleet, want: Wanted): Laggard[] {
    const hosts = new Map(fleet.hosts.map((host) => [host.name, host]));
    const clusters = new Map(fleet.clusters.map((cluster) => [cluster.name, cluster]));
    const late: Laggard[] = [];
    for (const { name, states, mayBeUsed } of want.hosts) {
        const host = hosts.get(name);
        if (host && !host.deleting && (states.includes(host.state) || (mayBeUsed && host.used))) {
            continue;
        }
        const reason = host
            ? `${host.deleting ? "being deleted, " : ""}${host.state || "not seen by BMO yet"}${host.error ? `: ${host.error}` : ""}`
            : "does not exist";
        late.push({
            kind: "BareMetalHost",
            name,
            reason: `${reason} (wanted: ${states.join(" or ")})`,
            ...(host ? {} : { missing: true }),
        });
    }
    for (const name of want.clusters) {
        const cluster = clusters.get(name);
        if (cluster?.available) {
            continue;
        }
        late.push(
            cluster
                ? { kind: "Cluster", name, reason: cluster.message || "not Available yet" }
                : { kind: "Cluster", name, reason: "does not exist", missing: true },
        );
    }
    return late;
}

/** One line of counts: hosts by state, clusters Available. */
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
    return `hosts: ${hosts || "none yet"} of ${want.hosts.length}${clusters} (${Math.round(elapsedSeconds)} s)`;
}
