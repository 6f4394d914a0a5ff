import { explain } from "../../tasks/wait-for-fleet/chains";
import { pendingObjects, type Wanted } from "../../tasks/wait-for-fleet/fleet";
import type { HostObject } from "../../tasks/wait-for-fleet/hosts";
import { pendingParts, type Pending, type Remedy } from "../../tasks/wait-for-fleet/pending";
import type { WholeFleet } from "../../tasks/wait-for-fleet/reader";

/** What `npm run status -- --json` prints. A field that means something else gets another version. */
export interface LabStatus {
    schemaVersion: 1;
    /** When the lab was looked at, ISO 8601. */
    time: string;
    /** Whether every host, cluster and part is where it should be. */
    isSettled: boolean;
    hosts: Counted;
    clusters: Counted;
    parts: { total: number; troubled: number };
    rate: Rate;
    /** What is not where it should be: parts, each Cluster with what holds it up (the oldest first), the rest. */
    waiting: Waiting[];
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

/** An object that is not where it should be. */
export interface Waiting {
    kind: Pending["kind"];
    name: string;
    /** In the words of the object at the end of the chain. */
    reason: string;
    /** Absent unless nothing in the lab brings it back: what does. */
    lost?: Remedy;
}

/** How far back the rate looks. */
const WINDOW_SECONDS = 300;

/** The state of a lab as a person asks about it. */
export function labStatus({ fleet, evidence, hosts, clusters }: WholeFleet, want: Wanted, now: Date): LabStatus {
    const pending = pendingObjects(fleet, want);
    const lacking = (kind: Pending["kind"]): number =>
        new Set(pending.filter((each) => each.kind === kind).map(({ name }) => name)).size;
    const hostsSettled = want.hosts.length - lacking("BareMetalHost");
    const clustersSettled = want.clusters.length - lacking("Cluster");
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
            byState: countBy(fleet.hosts.map(({ state, deleting }) => (deleting ? "being deleted" : state || "new"))),
            settled: hostsSettled,
        },
        clusters: {
            wanted: want.clusters.length,
            byState: countBy(
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
        waiting: explain(pending, evidence).map(({ kind, name, reason, lost }) => ({
            kind,
            name,
            reason,
            ...(lost && { lost }),
        })),
    };
}

/** When a host came to where it rests: provisioned, or inspected and available. */
const endOf = ({ status }: HostObject): string | null | undefined => {
    const { provision, inspect } = status?.operationHistory ?? {};
    return status?.provisioning?.state === "available" ? inspect?.end : provision?.end;
};

const secondsFor = (left: number, perMinute: number): number | null =>
    left === 0 || perMinute === 0 ? null : Math.round((left / perMinute) * 60);

function countBy(states: readonly string[]): Record<string, number> {
    const counts = new Map<string, number>();
    for (const state of states) {
        counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    return Object.fromEntries([...counts].sort(([one, a], [other, b]) => b - a || one.localeCompare(other)));
}
