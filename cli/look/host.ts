import type { LabPlan } from "../../plan/plan";
import type { Chain } from "../../tasks/wait-for-fleet/chains";
import { oneLine } from "../../tasks/wait-for-fleet/conditions";
import { hostStatus, type HostObject } from "../../tasks/wait-for-fleet/hosts";
import { pairOf } from "../../tasks/wait-for-fleet/lab-parts";
import { conditionsOf, facts, type Description, type ReasonedCondition } from "./description";
import type { IronicLook } from "./ironic";
import { entryAt, type Entry } from "./timeline";

/** The fields of a BareMetalHost that only a look at one host reads. */
export type WholeHost = HostObject & {
    spec?: { online?: boolean; bmc?: { address?: string }; image?: { url?: string } };
    status?: {
        poweredOn?: boolean;
        errorType?: string;
        errorCount?: number;
        conditions?: ReasonedCondition[];
    };
};

/** What a look at a host has found, beside the host. */
export interface HostFindings {
    /** From the host to what holds it up; undefined where it is where it should be. */
    chain: Chain | undefined;
    next: string[];
    /** Undefined where Ironic was not reached, or does not know the host. */
    ironic: IronicLook | undefined;
    /** Milliseconds until its BMC answered; null: it did not in a second; undefined: it is not reached from here. */
    bmc: number | null | undefined;
    notes: readonly string[];
}

/** A host in words. @param history what has happened to it, in order */
export function hostDescription(
    object: WholeHost,
    { chain, next, ironic, bmc, notes }: HostFindings,
    plan: LabPlan,
    history: Entry[],
    now: Date,
): Description {
    const { name, state, deleting, since, consumer, cluster, assigned, pausedBy, node } = hostStatus(object);
    const { spec, status } = object;
    return {
        schemaVersion: 1,
        time: now.toISOString(),
        kind: "BareMetalHost",
        name,
        namespace: plan.namespace,
        state: deleting ? `being deleted, ${state}` : state || "not seen by BMO yet",
        since: since ?? null,
        isSettled: chain === undefined,
        reason: chain?.reason ?? null,
        next,
        facts: facts({
            cluster: cluster ?? (assigned === undefined ? undefined : `${assigned}, which it is set aside for`),
            machine: consumer,
            image: spec?.image?.url,
            power: powerText(spec?.online, status?.poweredOn),
            pausedBy,
            error: oneLine(status?.errorMessage),
            errors: status?.errorCount
                ? `${status.errorCount} in a row, of ${status.errorType || "no type"}`
                : undefined,
            pair: pairOf(plan, name),
            bmc: spec?.bmc?.address,
            bmcAnswer: bmc === undefined ? undefined : bmc === null ? "none within a second" : `after ${bmc} ms`,
            node,
            ironic: ironic?.state,
            conductor: ironic?.conductor,
            lockedBy: ironic?.reservation,
            maintenance: ironic?.maintenance,
            ironicError: ironic?.lastError,
        }),
        conditions: conditionsOf(status?.conditions ?? []),
        history,
        notes,
    };
}

const powerText = (wanted: boolean | undefined, found: boolean | undefined): string | undefined => {
    const word = (isOn: boolean): string => (isOn ? "on" : "off");
    if (found === undefined) {
        return undefined;
    }
    return wanted === undefined || wanted === found ? word(found) : `${word(found)} (wanted: ${word(wanted)})`;
};

/** The operations that BMO notes of a host, in words. */
const OPERATIONS = {
    register: "registration",
    inspect: "inspection",
    provision: "provisioning",
    deprovision: "deprovisioning",
} as const;

/** What the fields of a host say about its past. Of each operation BMO notes the last one. */
export function hostHistory({ metadata, status }: WholeHost): Entry[] {
    const operations = Object.entries(OPERATIONS).flatMap(([operation, words]) => {
        const times = status?.operationHistory?.[operation as keyof typeof OPERATIONS];
        return [...entryAt(times?.start, "BMO", `${words} begins`), ...entryAt(times?.end, "BMO", `${words} ends`)];
    });
    return [
        ...entryAt(metadata?.creationTimestamp, "Kubernetes", "made"),
        ...operations,
        ...transitions("", status?.conditions ?? []),
        ...entryAt(metadata?.deletionTimestamp, "Kubernetes", "deletion begins"),
    ];
}

/** When conditions came to their status. @param of whose they are, if not the thing's own */
export const transitions = (of: string, conditions: readonly ReasonedCondition[]): Entry[] =>
    conditions.flatMap(({ type, status, reason, message, lastTransitionTime }) => {
        const why = oneLine(message) || (reason ?? "");
        return entryAt(lastTransitionTime, "condition", `${of}${type} is ${status}${why === "" ? "" : `: ${why}`}`);
    });
