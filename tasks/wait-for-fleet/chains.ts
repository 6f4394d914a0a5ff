import { hostCause, isFailure, isHeldUp, machineCause, type Cause } from "./cause";
import type { ClusterStatus } from "./clusters";
import { condition, oneLine } from "./conditions";
import type { Evidence } from "./evidence";
import type { Fleet } from "./fleet";
import { QUEUED, type HostStatus } from "./hosts";
import type { MachineStatus } from "./machines";
import { pendingNodes } from "./nodes";
import { pausedText } from "./pauses";
import { isPart, type Pending } from "./pending";

/** From an object that is not where it should be to the one that holds it up. */
export interface Chain
    extends Pick<Pending, "kind" | "name" | "reason" | "lost">, Pick<Cause, "root" | "says" | "isError"> {
    /** The Cluster that waits, where one does. */
    cluster?: string;
    /** Since when the object at its end has not moved, ISO 8601; absent where nobody knows. */
    since?: string;
    /** It waits in the lab's queue, as is meant. */
    isQueued: boolean;
    /** State of the host at its end. */
    state?: string;
    pausedBy?: Cause["pausedBy"];
}

/**
 * Traces what is not where it should be to what holds it up. Each Cluster is in exactly one chain, through the Machine
 * that has waited longest. A host or a part of a Cluster that a chain names has no chain of its own.
 * @returns a chain for each part, node, Cluster and host that is not where it should be
 */
export function explain(
    pending: readonly Pending[],
    { hosts, clusters }: Pick<Fleet, "hosts" | "clusters">,
    evidence: Evidence,
): Chain[] {
    const traced = new Traced(hosts, clusters, evidence);
    const parts = [...pending.filter(isPart), ...pendingNodes(evidence.nodes)].map(ownChain);
    const ofClusters = new Map<string, [Pending, ...Pending[]]>();
    for (const each of pending.filter(({ kind }) => kind !== "BareMetalHost")) {
        const name = each.cluster ?? (each.kind === "Cluster" ? each.name : undefined);
        if (name !== undefined) {
            const others = ofClusters.get(name);
            ofClusters.set(name, others === undefined ? [each] : [...others, each]);
        }
    }
    const chains = [...ofClusters].map(([name, found]) => traced.clusterChain(name, found));
    const named = new Set(chains.flatMap(({ root }) => (root.kind === "BareMetalHost" ? [root.name] : [])));
    const ofHosts = pending
        .filter(({ kind, name, lost }) => kind === "BareMetalHost" && (lost !== undefined || !named.has(name)))
        .map((each) => traced.hostChain(each));
    return [...parts, ...chains, ...ofHosts];
}

/** The chain of an object that says itself what holds it up. */
const ownChain = ({ kind, name, reason, lost, since }: Pending): Chain => ({
    kind,
    name,
    reason,
    root: { kind, name },
    says: reason,
    isError: true,
    isQueued: false,
    ...(lost === undefined ? {} : { lost }),
    ...(since === undefined ? {} : { since }),
});

/** What one look has found, by what it is asked for. */
class Traced {
    private readonly hosts: ReadonlyMap<string, HostStatus>;
    private readonly used: ReadonlyMap<string, HostStatus>;
    private readonly clusters: ReadonlyMap<string, ClusterStatus>;
    private readonly machines = new Map<string, MachineStatus[]>();
    private readonly infrastructure: ReadonlyMap<string, Evidence["metal3Machines"][number]>;

    constructor(
        private readonly all: readonly HostStatus[],
        clusters: readonly ClusterStatus[],
        private readonly evidence: Evidence,
    ) {
        this.hosts = new Map(all.map((host) => [host.name, host]));
        this.used = new Map(all.flatMap((host) => (host.consumer ? [[host.consumer, host] as const] : [])));
        this.clusters = new Map(clusters.map((cluster) => [cluster.name, cluster]));
        this.infrastructure = new Map(evidence.metal3Machines.map((each) => [each.name, each]));
        for (const machine of evidence.machines.filter(isHeldUp)) {
            this.machines.set(machine.cluster, [...(this.machines.get(machine.cluster) ?? []), machine]);
        }
    }

    /** @param found what is pending of the Cluster and of its parts */
    clusterChain(name: string, found: readonly [Pending, ...Pending[]]): Chain {
        const own = found.find(({ kind }) => kind === "Cluster") ?? found[0];
        const chain = { ...ownChain(own), kind: "Cluster" as const, name, cluster: name };
        if (own.lost !== undefined) {
            return chain;
        }
        const cluster = this.clusters.get(name);
        const cause = this.clusterCause(name, cluster, own);
        const { root, says } = cause;
        const isQueued = cluster?.queued === true && root.kind === "Cluster";
        const { machine } = cause;
        const through = [
            ...(machine === undefined ? [] : [`Machine ${machine}`]),
            ...(["Cluster", "Machine", "host"].includes(root.kind) ? [] : [`${root.kind} ${root.name}`]),
        ];
        const more = cause.others > 0 ? ` (and ${cause.others} more of its Machines wait)` : "";
        return { ...chain, ...chainOf(cause), isQueued, reason: `${[...through, says].join(": ")}${more}` };
    }

    private clusterCause(
        name: string,
        cluster: ClusterStatus | undefined,
        own: Pending,
    ): Cause & { machine?: string; others: number } {
        const root = { kind: "Cluster", name };
        if (cluster?.pausedBy !== undefined) {
            const { pausedBy, since } = cluster;
            return { root, says: `is paused by ${pausedText(pausedBy)}`, since, isError: true, pausedBy, others: 0 };
        }
        if (cluster?.queued === true) {
            const failed = this.all.find(({ assigned, error }) => assigned === name && error !== "");
            return failed === undefined
                ? { root, says: own.reason, since: cluster.since, isError: false, others: 0 }
                : { ...this.causeOfHost(failed, failed.state), others: 0 };
        }
        const [machine, ...others] = (this.machines.get(name) ?? []).sort(byUrgency);
        if (machine !== undefined) {
            const host = this.used.get(machine.infrastructure);
            const metal3Machine = this.infrastructure.get(machine.infrastructure);
            const cause = machineCause(machine, host, metal3Machine, this.all, this.evidence);
            return { ...cause, machine: machine.name, others: others.length };
        }
        return { ...(this.refused(name) ?? this.warned(name) ?? this.ownCause(root, cluster, own)), others: 0 };
    }

    /** What an object that makes the Cluster's Machines says of one that it cannot make. */
    private refused(cluster: string): Cause | undefined {
        const owner = this.evidence.owners.find((each) => each.cluster === cluster && each.failure !== undefined);
        return owner?.failure === undefined
            ? undefined
            : {
                  root: { kind: owner.kind, name: owner.name },
                  says: oneLine(owner.failure.message),
                  since: owner.failure.lastTransitionTime,
                  isError: true,
              };
    }

    /** What an Event says of such an object: none of a KubeadmControlPlane's conditions tells of a refusal. */
    private warned(cluster: string): Cause | undefined {
        const owners = this.evidence.owners.filter((each) => each.cluster === cluster);
        const [newest] = this.evidence.warnings
            .filter(({ kind, name }) => owners.some((owner) => owner.kind === kind && owner.name === name))
            .sort((a, b) => b.time.localeCompare(a.time));
        return newest === undefined
            ? undefined
            : {
                  root: { kind: newest.kind, name: newest.name },
                  says: newest.message,
                  since: newest.time,
                  isError: true,
              };
    }

    private ownCause(root: Cause["root"], cluster: ClusterStatus | undefined, own: Pending): Cause {
        const topology = cluster === undefined ? undefined : condition(cluster, "TopologyReconciled");
        const since = topology?.status === "False" ? (topology.lastTransitionTime ?? cluster?.since) : cluster?.since;
        const end = own.kind === "Cluster" ? root : { kind: own.kind, name: own.name };
        return { root: end, says: own.reason, since, isError: isFailure(own.reason) };
    }

    hostChain(pending: Pending): Chain {
        const host = this.hosts.get(pending.name);
        if (host === undefined || pending.lost !== undefined) {
            return ownChain(pending);
        }
        const cause = this.causeOfHost(host, pending.reason);
        return { ...ownChain(pending), ...chainOf(cause), reason: cause.says, isQueued: host.state === QUEUED };
    }

    /** @param words the host's state, which may have its error already */
    private causeOfHost(host: HostStatus, words: string): Cause {
        const ironic = host.node === undefined ? undefined : this.evidence.ironic.get(host.node);
        const cause = hostCause({ ...host, error: words.includes(host.error) ? "" : host.error }, words, ironic);
        return { ...cause, isError: cause.isError || host.error !== "" };
    }
}

/** What a chain has of its cause. */
const chainOf = ({ root, says, since, isError, state, pausedBy }: Cause) => ({
    root,
    says,
    isError,
    ...(since === undefined ? {} : { since }),
    ...(state === undefined ? {} : { state }),
    ...(pausedBy === undefined ? {} : { pausedBy }),
});

/** Machines without a Node, or on their way out, before those that only are not Available; then the oldest. */
const byUrgency = (a: MachineStatus, b: MachineStatus): number =>
    Number(b.deleting || !b.hasNode) - Number(a.deleting || !a.hasNode) ||
    a.created.localeCompare(b.created) ||
    a.name.localeCompare(b.name);
