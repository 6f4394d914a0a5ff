import { countBy } from "../../lib/count-by";
import type { LabPlan } from "../../plan/plan";
import { explain, type Chain } from "../../tasks/wait-for-fleet/chains";
import type { Wanted } from "../../tasks/wait-for-fleet/fleet";
import { ageSeconds, groupChains, groupLine, type Group } from "../../tasks/wait-for-fleet/groups";
import type { HostObject } from "../../tasks/wait-for-fleet/hosts";
import { nextSteps, type Commands } from "../../tasks/wait-for-fleet/next-step";
import { pendingParts, type Pending, type Remedy } from "../../tasks/wait-for-fleet/pending";
import type { Observation } from "./observe";
import { partStates, type PartStates } from "./parts";

/**
 * What `npm run status -- --json` prints. docs/status.md says what each field means. A field that means something else
 * gets another version.
 */
export interface LabStatus extends PartStates {
    schemaVersion: 1;
    /** When the lab was looked at, ISO 8601. */
    time: string;
    /** Whether every host, cluster and part is where it should be. */
    isSettled: boolean;
    hosts: Counted;
    clusters: Counted;
    parts: { total: number; troubled: number };
    rate: Rate;
    /** What does not go on by itself, or has not for two minutes: broken parts first, then the oldest first. */
    stuck: Waiting[];
    /** What has moved in the last two minutes. */
    onTheirWay: Waiting[];
    /** Number of hosts and clusters that wait in the lab's queue. */
    queued: number;
    /** Number of hosts and clusters beside those of the configuration that are not as they should be. */
    others: number;
    /** What could not be looked at, and why. */
    notes: readonly string[];
    /** Requests of this look by what they ask for, and the time that it took. */
    look: Observation["look"];
}

interface Counted {
    /** Number that the configuration has. */
    wanted: number;
    /** Numbers by state, the largest first. */
    byState: Record<string, number>;
    /** Number of those that are where they should be. */
    settled: number;
}

/** How fast things come to their end. */
export interface Rate {
    /** The time that was looked back on, seconds. */
    windowSeconds: number;
    hostsPerMinute: number;
    clustersPerMinute: number;
    /** Until the last one is there, if it goes on like this; null where nothing came or is left, or a part is down. */
    secondsLeft: number | null;
}

/** Objects that one reason holds up. */
export interface Waiting {
    /** All that is to be said of them in one line. */
    line: string;
    kind: Pending["kind"];
    name: string;
    /** In the words of the object at the end of the chain. */
    reason: string;
    /** Since when that object has not moved; null where nobody knows. */
    ageSeconds: number | null;
    /** Commands that show more, or that end it. */
    next: string[];
    /** Absent unless nothing in the lab brings it back: what does. */
    lost?: Remedy;
    /** Others of the same reason, or those that wait for the part; the oldest first. */
    others: { kind: Pending["kind"]; name: string; reason: string; ageSeconds: number | null }[];
}

const WANTED_KINDS: readonly Pending["kind"][] = ["BareMetalHost", "Cluster"];

/** How far back the rate looks. */
const WINDOW_SECONDS = 300;

/** The lab that is looked at, and the commands that its user is told. */
export interface LookedAt {
    plan: LabPlan;
    want: Wanted;
    commands: Commands;
}

/** The state of a lab as a person asks about it. */
export function labStatus(found: Observation, { plan, want, commands }: LookedAt, now: Date): LabStatus {
    const { fleet, pending, evidence, hosts, clusters } = found;
    const groups = groupChains(explain(pending, fleet, evidence), plan, now);
    const of = (progress: Group["progress"]): Group[] => groups.filter((group) => group.progress === progress);
    const planned = new Set([...want.hosts, ...want.clusters]);
    const age = (chain: Chain): number | null => ageSeconds(chain, now);
    const waiting = (group: Group): Waiting => ({
        line: groupLine(group, now),
        kind: group.head.kind,
        name: group.head.name,
        reason: group.head.reason,
        ageSeconds: age(group.head),
        next: nextSteps(group.head, plan, commands),
        ...(group.head.lost && { lost: group.head.lost }),
        others: group.others.map((each) => ({
            kind: each.kind,
            name: each.name,
            reason: each.reason,
            ageSeconds: age(each),
        })),
    });
    const lacking = (names: readonly string[]): number => {
        const missing = new Set(pending.filter(({ kind }) => WANTED_KINDS.includes(kind)).map(({ name }) => name));
        return names.filter((name) => missing.has(name)).length;
    };
    const hostsSettled = want.hosts.length - lacking(want.hosts);
    const clustersSettled = want.clusters.length - lacking(want.clusters);
    const since = now.getTime() - WINDOW_SECONDS * 1000;
    const came = (times: readonly (string | null | undefined)[]): number =>
        times.filter((time) => time !== undefined && time !== null && Date.parse(time) >= since).length;
    const hostsCame = came(hosts.map(endOf));
    const clustersCame = came(
        clusters.map(
            ({ status }) =>
                status?.conditions?.find(({ type, status: value }) => type === "Available" && value === "True")
                    ?.lastTransitionTime,
        ),
    );
    const perMinute = (count: number): number => (count * 60) / WINDOW_SECONDS;
    const troubled = pendingParts(fleet.parts).length;
    return {
        schemaVersion: 1,
        time: now.toISOString(),
        isSettled: pending.length === 0,
        hosts: {
            wanted: want.hosts.length,
            byState: byState(fleet.hosts.map(({ state, deleting }) => (deleting ? "being deleted" : state || "new"))),
            settled: hostsSettled,
        },
        clusters: {
            wanted: want.clusters.length,
            byState: byState(
                fleet.clusters.map(({ available, queued, deleting }) =>
                    deleting ? "being deleted" : queued ? "queued" : available ? "Available" : "not Available yet",
                ),
            ),
            settled: clustersSettled,
        },
        parts: { total: fleet.parts.length, troubled },
        rate: {
            windowSeconds: WINDOW_SECONDS,
            hostsPerMinute: perMinute(hostsCame),
            clustersPerMinute: perMinute(clustersCame),
            // A part that does not work may be what everything waits for.
            secondsLeft:
                troubled > 0
                    ? null
                    : (secondsFor(want.clusters.length - clustersSettled, perMinute(clustersCame)) ??
                      secondsFor(want.hosts.length - hostsSettled, perMinute(hostsCame))),
        },
        stuck: of("stuck").map(waiting),
        onTheirWay: of("on its way").map(waiting),
        queued: of("queued").reduce((sum, { others }) => sum + 1 + others.length, 0),
        others: new Set(
            pending.flatMap(({ kind, name }) => (WANTED_KINDS.includes(kind) && !planned.has(name) ? [name] : [])),
        ).size,
        ...partStates(plan, found),
        notes: found.notes,
        look: found.look,
    };
}

/** When a host came to where it rests: provisioned, or inspected and available. */
const endOf = ({ status }: HostObject): string | null | undefined => {
    const { provision, inspect } = status?.operationHistory ?? {};
    return status?.provisioning?.state === "available" ? inspect?.end : provision?.end;
};

const secondsFor = (left: number, perMinute: number): number | null =>
    left === 0 || perMinute === 0 ? null : Math.round((left / perMinute) * 60);

/** Numbers by state, the largest first. */
const byState = (states: readonly string[]): Record<string, number> =>
    Object.fromEntries([...countBy(states)].sort(([one, a], [other, b]) => b - a || one.localeCompare(other)));
