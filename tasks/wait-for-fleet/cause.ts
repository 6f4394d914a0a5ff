import { condition, oneLine, type Condition } from "./conditions";
import type { Evidence, IronicNode, Metal3MachineStatus } from "./evidence";
import { QUEUED, type HostStatus } from "./hosts";
import type { MachineStatus } from "./machines";
import { pausedText, type PausedBy } from "./pauses";

/** The object at the end of a chain, and what it says. */
export interface Cause {
    /** Kind and name of the object: "host" where there is no host for a machine. */
    root: { kind: string; name: string };
    /** In the object's own words, where it has any. */
    says: string;
    /** Since when it has not moved, ISO 8601. */
    since?: string | undefined;
    /** It does not go on by itself, or says that something has failed. */
    isError: boolean;
    /** State of a host. */
    state?: string;
    /** What its user has paused it by. */
    pausedBy?: PausedBy;
}

/** Conditions of a Metal3Machine, in the order in which they come true. */
const STEPS = ["AssociateBareMetalHost", "AssociateMetal3MachineMetaData", "Metal3DataReady", "Ready"];

/** How CAPM3 says that it has found no host for a machine. */
const NO_HOST = /no available host/i;

/** How a Machine that is being deleted says that only its host is left. */
const WAITS_FOR_HOST = /^Waiting for Metal3Machine to be deleted/;

/** States of a claimed host that say little by themselves. */
const STATES_IN_WORDS: Record<string, string> = {
    "": "not seen by BMO yet",
    available: "available, BMO has not begun to provision it",
};

/** A Machine of a former version that works is not held up itself: it waits for the one that takes its place. */
export const isHeldUp = (machine: MachineStatus): boolean =>
    machine.deleting || !machine.hasNode || condition(machine, "Available")?.status !== "True";

/** Why a host is not where it should be. @param state in words */
export function hostCause(host: HostStatus, state: string, ironic: IronicNode | undefined): Cause {
    const root = { kind: "BareMetalHost", name: host.name };
    if (host.pausedBy !== undefined) {
        const says = `${state}, paused by ${pausedText(host.pausedBy)}`;
        return { root, says, since: host.since, isError: true, state: host.state, pausedBy: host.pausedBy };
    }
    const words = [state, oneLine(host.error), ...(ironic === undefined ? [] : ironicWords(ironic, host.error))];
    return {
        root,
        says: words.filter(Boolean).join(": "),
        since: host.since,
        isError: host.error !== "" || ironic?.maintenance === true,
        state: host.state,
    };
}

/** What Ironic adds to a host's own words. BMO often repeats Ironic's error. */
function ironicWords({ lastError, maintenance, maintenanceReason, reservation }: IronicNode, error: string): string[] {
    const said = oneLine(lastError ?? "");
    const isNew = said !== "" && !oneLine(error).includes(said);
    return [
        ...(isNew ? [`Ironic: ${said}`] : []),
        ...(maintenance
            ? [`Ironic has it in maintenance${maintenanceReason ? ` (${oneLine(maintenanceReason)})` : ""}`]
            : []),
        ...(reservation === null ? [] : [`the conductor ${reservation} has locked it`]),
    ];
}

/** The object that holds a Machine up. */
export function machineCause(
    machine: MachineStatus,
    host: HostStatus | undefined,
    metal3Machine: Metal3MachineStatus | undefined,
    hosts: readonly HostStatus[],
    { ironic }: Pick<Evidence, "ironic">,
): Cause {
    if (host !== undefined && (host.error !== "" || host.state !== "provisioned" || host.pausedBy !== undefined)) {
        const state = STATES_IN_WORDS[host.state] ?? host.state;
        return hostCause(host, state, host.node === undefined ? undefined : ironic.get(host.node));
    }
    const own = { kind: "Machine", name: machine.name };
    const says = (type: string): Cause | undefined => {
        const found = condition(machine, type);
        const message = oneLine(found?.message);
        return message === "" ? undefined : causeOfCondition(own, found, message, machine.created);
    };
    if (machine.deleting) {
        const deleting = says("Deleting");
        if (host !== undefined && WAITS_FOR_HOST.test(deleting?.says ?? "")) {
            // Its host is still provisioned: BMO or Ironic has not begun to take the image off.
            const cause = hostCause(host, `${host.state}, to be deprovisioned`, undefined);
            return { ...cause, since: deleting?.since };
        }
        const text = ["being deleted", deleting?.says].filter(Boolean).join(": ");
        return { root: own, says: text, since: deleting?.since ?? machine.created, isError: false };
    }
    const conditions = metal3Machine?.conditions ?? [];
    const unmet = STEPS.map((step) => condition({ conditions }, step)).find(
        (each) => each?.status === "False" && each.message,
    );
    if (unmet !== undefined) {
        const message = oneLine(unmet.message);
        return NO_HOST.test(message)
            ? noHost(hosts, unmet.lastTransitionTime ?? machine.created)
            : causeOfCondition(
                  { kind: "Metal3Machine", name: machine.infrastructure },
                  unmet,
                  message,
                  machine.created,
              );
    }
    const waits = machine.hasNode ? "is not Available yet" : "has no Node yet";
    return says("Ready") ?? says("Available") ?? { root: own, says: waits, since: machine.created, isError: false };
}

/** A condition's message as a cause. Kubernetes' controllers say so when something has failed. */
const causeOfCondition = (
    root: Cause["root"],
    found: Condition | undefined,
    message: string,
    created: string,
): Cause => ({
    root,
    says: message,
    since: found?.lastTransitionTime ?? (created || undefined),
    isError: isFailure(message),
});

/** Whether a message speaks of a failure, and not only of what is still to come. */
export const isFailure = (message: string): boolean => /\b(fail(s|ed|ure)?|error|denied|refused)\b/i.test(message);

/** There is no host for a machine: how many there are, and what they are at. */
function noHost(hosts: readonly HostStatus[], since: string): Cause {
    const free = hosts.filter(isFree).length;
    const queued = hosts.filter(({ state }) => state === QUEUED).length;
    const says =
        free === 0
            ? `no free host: ${hosts.length} of ${hosts.length} are in use or not available`
            : `no host is set aside for it, though ${free} of ${hosts.length} are available`;
    return {
        root: { kind: "host", name: "" },
        says: `${says}${queued === 0 ? "" : `; ${queued} queued`}`,
        since: since || undefined,
        isError: free === 0 && queued === 0,
    };
}

/** Whether a host could be given to a machine. */
const isFree = ({ state, consumer, error, deleting, elsewhere, pausedBy }: HostStatus): boolean =>
    state === "available" &&
    consumer === undefined &&
    error === "" &&
    !deleting &&
    elsewhere === undefined &&
    pausedBy === undefined;
