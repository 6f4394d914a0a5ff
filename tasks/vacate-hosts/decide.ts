import type { MachineOwner, MachineStatus } from "../wait-for-fleet/machines";

/** A BareMetalHost, as far as leaving it concerns. */
export interface HostSight {
    name: string;
    /** It has {@link LEAVING_ANNOTATION}. */
    leaving: boolean;
    /** Name of the Metal3Machine that uses it. */
    consumer?: string;
    /**
     * BMO is making its node in Ironic, or is about to. When the host is deleted then, BMO (v0.13.2) can fail to note
     * the node's UUID in the host's status, and leaves the node in Ironic.
     */
    registering: boolean;
    /** A machine can have it now or, once it is registered or deprovisioned, soon. */
    usable: boolean;
}

/** A Machine, as far as moving it to another host concerns. */
export type MachineSight = Pick<
    MachineStatus,
    "name" | "cluster" | "infrastructure" | "created" | "deleting" | "owner"
>;

/** The management cluster as one look found it. */
export interface Sight {
    hosts: HostSight[];
    machines: MachineSight[];
    /** The owners of machines, each with the time from which its older machines are replaced (`spec.rollout.after`). */
    owners: (MachineOwner & { rolloutAfter?: string })[];
    clusters: { name: string; deleting: boolean }[];
}

/** The hosts and clusters that are to be there afterwards, and which names are the lab's own. */
export interface Staying {
    hosts: ReadonlySet<string>;
    clusters: ReadonlySet<string>;
    /** Machines that each of these clusters is to have, by what makes them. */
    machines: Record<MachineOwner["kind"], number>;
    isOwnHost: (name: string) => boolean;
    isOwnCluster: (name: string) => boolean;
}

/** What is to be done next, and what is waited for. */
export interface Decision {
    /** Hosts that get the annotation, so that no machine is given one of them. */
    mark: string[];
    /** Hosts that lose it: they stay after all. */
    unmark: string[];
    /** Clusters that go: their hosts are free afterwards. */
    deleteClusters: string[];
    /** Owners whose machines are to be replaced, each by a new machine before an old one goes. */
    roll: MachineOwner[];
    /** One line for each host that leaves and cannot be deleted yet. */
    waiting: string[];
    /** Why waiting would be in vain. */
    problems: string[];
}

const keyOf = ({ kind, name }: MachineOwner): string => `${kind} ${name}`;

const sameOwner = (one: MachineOwner, other: MachineOwner): boolean => keyOf(one) === keyOf(other);

/**
 * Decides how the hosts that leave the lab get free.
 *
 * A machine moves by the rollout of its owner, as `clusterctl alpha rollout restart` asks for it: its cluster then
 * stays Available, which it would not if the machine were just deleted.
 */
export function decide({ hosts, machines, owners, clusters }: Sight, staying: Staying): Decision {
    const leaving = hosts.filter(({ name }) => staying.isOwnHost(name) && !staying.hosts.has(name));
    const going = clusters.filter(({ name }) => staying.isOwnCluster(name) && !staying.clusters.has(name));
    const isGoing = new Set(going.map(({ name }) => name));
    const byInfrastructure = new Map(machines.map((machine) => [machine.infrastructure, machine]));
    const decision: Decision = {
        mark: leaving.filter((host) => !host.leaving).map(({ name }) => name),
        unmark: hosts.filter((host) => host.leaving && staying.hosts.has(host.name)).map(({ name }) => name),
        // With no host that leaves, Pulumi deletes the clusters by itself, and side by side.
        deleteClusters: leaving.length === 0 ? [] : going.filter(({ deleting }) => !deleting).map(({ name }) => name),
        roll: [],
        waiting: leaving.filter(({ registering }) => registering).map(({ name }) => `${name} is being registered`),
        problems: [],
    };
    const counts = new Map<string, number>();
    for (const { owner } of machines) {
        if (owner !== undefined) {
            counts.set(keyOf(owner), (counts.get(keyOf(owner)) ?? 0) + 1);
        }
    }
    /** It has a machine more than it is to have, and lets go of one: it gets smaller, or makes a successor first. */
    const hasTooMany = (owner: MachineOwner): boolean => (counts.get(keyOf(owner)) ?? 0) > staying.machines[owner.kind];
    const getsFree = ({ cluster, deleting, owner }: MachineSight): boolean =>
        deleting || (owner !== undefined && staying.clusters.has(cluster) && hasTooMany(owner));
    const hasRoom =
        going.length > 0 ||
        machines.some(getsFree) ||
        hosts.some((host) => staying.hosts.has(host.name) && isSpare(host));
    const isAsked = (owner: MachineOwner, { created }: MachineSight): boolean => {
        const after = owners.find((each) => sameOwner(each, owner))?.rolloutAfter;
        return after !== undefined && Date.parse(after) > Date.parse(created);
    };
    for (const host of leaving.filter(({ consumer }) => consumer !== undefined)) {
        const machine = byInfrastructure.get(host.consumer ?? "");
        if (machine === undefined) {
            decision.waiting.push(`${host.name}: Metal3Machine ${host.consumer} lets it go`);
            continue;
        }
        const { name, cluster, owner } = machine;
        const what = `${host.name}: Machine ${name} of cluster ${cluster}`;
        if (isGoing.has(cluster) || machine.deleting) {
            decision.waiting.push(`${what} is deleted`);
        } else if (owner === undefined) {
            decision.problems.push(`${what} has no owner that would replace it: delete it, or keep the host`);
        } else if (isAsked(owner, machine)) {
            decision.waiting.push(`${what} moves to another host`);
        } else if (staying.clusters.has(cluster) && hasTooMany(owner)) {
            // It may be the one that goes: then nothing has to move.
            decision.waiting.push(`${what} is one of more than the cluster is to have`);
        } else if (!hasRoom) {
            decision.problems.push(`${what} has to move, and no other host is free`);
        } else {
            decision.waiting.push(`${what} moves to another host`);
            if (!decision.roll.some((each) => sameOwner(each, owner))) {
                decision.roll.push(owner);
            }
        }
    }
    return decision;
}

const isSpare = (host: HostSight): boolean => host.usable && host.consumer === undefined && !host.leaving;
