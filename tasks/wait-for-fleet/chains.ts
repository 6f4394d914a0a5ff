import { condition, oneLine, type Condition } from "./conditions";
import type { HostStatus } from "./hosts";
import type { MachineStatus } from "./machines";
import type { Pending } from "./pending";

/** What the wait for the fleet reads of a Metal3Machine. */
export interface Metal3MachineStatus {
    name: string;
    conditions: readonly Condition[];
}

/** What is read once the time has run out, to say why. */
export interface Evidence {
    hosts: readonly HostStatus[];
    machines: readonly MachineStatus[];
    metal3Machines: readonly Metal3MachineStatus[];
}

/** Conditions of a Metal3Machine, in the order in which they come true. */
const STEPS = ["AssociateBareMetalHost", "AssociateMetal3MachineMetaData", "Metal3DataReady", "Ready"];

/**
 * Traces each pending Cluster through its Machines to the object that holds it up, a line for each Machine, the oldest
 * Machine first. A host that such a line names is not listed once more.
 * @returns the parts, the chains, then everything that no chain explains
 */
export function explain(pending: readonly Pending[], evidence: Evidence): Pending[] {
    const clusters = new Set(pending.flatMap((each) => each.cluster ?? (each.kind === "Cluster" ? each.name : [])));
    const hosts = new Map(evidence.hosts.flatMap((host) => (host.consumer ? [[host.consumer, host] as const] : [])));
    const infrastructure = new Map(evidence.metal3Machines.map((each) => [each.name, each]));
    const traced = evidence.machines
        .filter((machine) => clusters.has(machine.cluster) && isHeldUp(machine))
        .sort((a, b) => a.created.localeCompare(b.created));
    const named = new Set<string>();
    const chains = traced.map((machine): Pending => {
        const host = hosts.get(machine.infrastructure);
        if (host !== undefined) {
            named.add(host.name);
        }
        const cause = causeOf(machine, host, infrastructure.get(machine.infrastructure));
        return { kind: "Cluster", name: machine.cluster, reason: `Machine ${machine.name}: ${cause}` };
    });
    const explained = new Set(traced.map(({ cluster }) => cluster));
    const isPart = ({ kind }: Pending): boolean => ["Deployment", "StatefulSet", "Container"].includes(kind);
    const isExplained = ({ kind, name, cluster }: Pending): boolean =>
        kind === "BareMetalHost" ? named.has(name) : explained.has(cluster ?? name);
    return [
        ...pending.filter(isPart),
        ...chains,
        ...pending.filter((each) => !isPart(each) && (each.lost !== undefined || !isExplained(each))),
    ];
}

/** A Machine of a former version that works is not held up itself: it waits for the one that takes its place. */
const isHeldUp = (machine: MachineStatus): boolean =>
    machine.deleting || !machine.hasNode || condition(machine, "Available")?.status !== "True";

/** States of a claimed host that say little by themselves. */
const STATES_IN_WORDS: Record<string, string> = {
    "": "not seen by BMO yet",
    available: "available, BMO has not begun to provision it",
};

/** The object at the end of a Machine's chain, and what it says. */
function causeOf(
    machine: MachineStatus,
    host: HostStatus | undefined,
    metal3Machine: Metal3MachineStatus | undefined,
): string {
    if (host !== undefined && (host.error !== "" || host.state !== "provisioned")) {
        const state = STATES_IN_WORDS[host.state] ?? host.state;
        return `BareMetalHost ${host.name}: ${state}${host.error ? `: ${host.error}` : ""}`;
    }
    const said = (type: string): string => oneLine(condition(machine, type)?.message);
    if (machine.deleting) {
        return ["being deleted", said("Deleting")].filter(Boolean).join(": ");
    }
    const conditions = metal3Machine?.conditions ?? [];
    const unmet = STEPS.map((step) => condition({ conditions }, step)).find(
        (each) => each?.status === "False" && each.message,
    );
    if (unmet !== undefined) {
        return `Metal3Machine: ${oneLine(unmet.message)}`;
    }
    return said("Ready") || said("Available") || (machine.hasNode ? "is not Available yet" : "has no Node yet");
}
