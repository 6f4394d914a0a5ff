import type { Condition } from "../../tasks/wait-for-fleet/conditions";
import type { Entry } from "./timeline";

/** A condition as Kubernetes has it, with its reason. */
export interface ReasonedCondition extends Condition {
    reason?: string;
}

/** What a look at one host or cluster says: `npm run describe -- --json`. docs/status.md says what each field means. */
export interface Description {
    schemaVersion: 1;
    /** When it was looked at, ISO 8601. */
    time: string;
    kind: "BareMetalHost" | "Cluster";
    name: string;
    namespace: string;
    /** Its state, in metal3's words, or whether a Cluster is Available. */
    state: string;
    /** Since when it is in that state; null where nobody knows. */
    since: string | null;
    /** Whether it is where it should be. */
    isSettled: boolean;
    /** Why it is not, down to what holds it up; null where it is. */
    reason: string | null;
    /** Commands that show more, or that mend it; none where it is where it should be. */
    next: string[];
    /** What belongs to it, by a name; absent is what it does not have. */
    facts: Record<string, string>;
    conditions: { type: string; status: string; reason: string; message: string; since: string | null }[];
    /** What has happened to it, the oldest first. */
    history: Entry[];
    /** What could not be looked at, and why. */
    notes: readonly string[];
}

/** Facts of which those that are not there are left out. */
export const facts = (given: Record<string, string | undefined>): Record<string, string> =>
    Object.fromEntries(
        Object.entries(given).filter((each): each is [string, string] => each[1] !== undefined && each[1] !== ""),
    );

export const conditionsOf = (conditions: readonly ReasonedCondition[]): Description["conditions"] =>
    conditions.map(({ type, status, reason = "", message = "", lastTransitionTime }) => ({
        type,
        status,
        reason,
        message: message.replace(/\s+/g, " ").trim(),
        since: lastTransitionTime ?? null,
    }));
