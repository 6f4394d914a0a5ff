import { oneLine, type Condition } from "./conditions";
import type { MachineStatus, OwnerStatus } from "./machines";

/** What is read of a Metal3Machine. */
export interface Metal3MachineStatus {
    name: string;
    conditions: readonly Condition[];
}

/** What Ironic says of a host's node. */
export interface IronicNode {
    uuid: string;
    /** Name of the conductor that manages it. */
    conductor: string;
    /** Name of the conductor that has locked it, or null. */
    reservation: string | null;
    provisionState: string;
    lastError: string | null;
    maintenance: boolean;
    maintenanceReason: string | null;
}

/** The newest Event of type Warning about an object. */
export interface Warning {
    kind: string;
    name: string;
    message: string;
    /** When it was last seen, ISO 8601. */
    time: string;
}

/** What a Kubernetes node says of itself. */
export interface NodeStatus {
    name: string;
    conditions: readonly Condition[];
    /** Of the disk with its pods and images, bytes; absent where its kubelet was not asked, or does not say. */
    disk?: { available: number; capacity: number };
}

/** What lies between the Clusters and their hosts, and below them: it says why something is not where it should be. */
export interface Evidence {
    machines: readonly MachineStatus[];
    metal3Machines: readonly Metal3MachineStatus[];
    owners: readonly OwnerStatus[];
    warnings: readonly Warning[];
    nodes: readonly NodeStatus[];
    /** By UUID; empty where Ironic was not asked, or did not answer. */
    ironic: ReadonlyMap<string, IronicNode>;
}

export const NO_EVIDENCE: Evidence = {
    machines: [],
    metal3Machines: [],
    owners: [],
    warnings: [],
    nodes: [],
    ironic: new Map(),
};

/** The fields that are read of an Event. */
export interface EventObject {
    metadata?: { creationTimestamp?: Date | string };
    involvedObject?: { kind?: string; name?: string };
    message?: string;
    lastTimestamp?: Date | string | null;
    eventTime?: Date | string | null;
}

/** The newest warning about each object. An Event without a time is from the beginning of time. */
export function newestWarnings(events: readonly EventObject[]): Warning[] {
    const newest = new Map<string, Warning>();
    for (const { involvedObject, message, lastTimestamp, eventTime, metadata } of events) {
        const { kind = "", name = "" } = involvedObject ?? {};
        const found = lastTimestamp ?? eventTime ?? metadata?.creationTimestamp ?? 0;
        const time = new Date(found).toISOString();
        const key = `${kind}/${name}`;
        if ((newest.get(key)?.time ?? "") < time) {
            newest.set(key, { kind, name, message: oneLine(message), time });
        }
    }
    return [...newest.values()];
}
