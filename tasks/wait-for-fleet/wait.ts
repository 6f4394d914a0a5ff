import { setTimeout as sleep } from "node:timers/promises";
import { laggards, progressLine, type Fleet, type Laggard, type Wanted } from "./fleet";

export interface GateArgs {
    want: Wanted;
    timeoutSeconds: number;
    read: () => Promise<Fleet>;
    /** Called at most every REPORT_SECONDS, and whenever the counts change. */
    report: (line: string) => void;
    /** Where to look when it takes too long. */
    hint: string;
    now?: () => number;
    pause?: (milliseconds: number) => Promise<unknown>;
}

/** A look costs the API server and the program ~1 ms an object: every 2 s for a small fleet, every 15 s for a thousand of each. */
const LOOK_SECONDS = (objects: number): number => Math.min(20, 2 + objects / 150);
const REPORT_SECONDS = 30;
const NAMED_LAGGARDS = 20;
/** A list from kube-apiserver's cache may be older than an object that was just made; after three looks it is no longer that. */
const MISSING_LOOKS = 3;

const named = (late: readonly Laggard[]): string[] => [
    ...late.slice(0, NAMED_LAGGARDS).map(({ kind, name, reason }) => `  ${kind} ${name}: ${reason}`),
    ...(late.length > NAMED_LAGGARDS ? [`  and ${late.length - NAMED_LAGGARDS} more`] : []),
];

/** Objects that this or an earlier `up` made are not there: nobody will make them again, and waiting would be in vain. */
export class FleetIncomplete extends Error {
    constructor(readonly missing: readonly Laggard[]) {
        super(
            [
                `${missing.length} objects that Pulumi has made are no longer there; something else has deleted them:`,
                ...named(missing),
                "pulumi up --refresh notices, and makes them again.",
            ].join("\n"),
        );
        this.name = "FleetIncomplete";
        this.stack = this.message;
    }
}

/** The fleet is not where it should be in time: which objects, and their last error. */
export class FleetTimeout extends Error {
    constructor(
        readonly late: Laggard[],
        timeoutSeconds: number,
        hint: string,
        lastError: string,
    ) {
        const trouble = lastError ? [`The last look at the cluster failed: ${lastError}`] : [];
        super(
            [
                `After ${timeoutSeconds} s ${late.length} objects are not where they should be:`,
                ...named(late),
                ...trouble,
                hint,
            ].join("\n"),
        );
        this.name = "FleetTimeout";
        this.stack = this.message;
    }
}

/**
 * Waits until every host and cluster is where it should be.
 * @returns the fleet as last seen.
 * @throws FleetTimeout after `timeoutSeconds`; a look that fails is tried again until then.
 * @throws FleetIncomplete when some are not there at all in three looks, one after the other.
 */
export async function waitForFleet(args: GateArgs): Promise<Fleet> {
    const { want, read, report, now = Date.now, pause = sleep } = args;
    const started = now();
    const elapsed = () => (now() - started) / 1000;
    let late: Laggard[] = [
        ...want.hosts.map(({ name }): Laggard => ({ kind: "BareMetalHost", name, reason: "never seen" })),
        ...want.clusters.map((name): Laggard => ({ kind: "Cluster", name, reason: "never seen" })),
    ];
    let lastCounts = "";
    let lastReport = -Infinity;
    let looksIncomplete = 0;
    for (;;) {
        let lastError = "";
        try {
            const fleet = await read();
            late = laggards(fleet, want);
            const counts = progressLine(fleet, want, 0);
            if (counts !== lastCounts || elapsed() - lastReport >= REPORT_SECONDS || late.length === 0) {
                report(progressLine(fleet, want, elapsed()));
                lastCounts = counts;
                lastReport = elapsed();
            }
            if (late.length === 0) {
                return fleet;
            }
            looksIncomplete = late.some(({ missing }) => missing) ? looksIncomplete + 1 : 0;
        } catch (error) {
            lastError = error instanceof Error ? error.message : String(error);
        }
        if (looksIncomplete === MISSING_LOOKS) {
            throw new FleetIncomplete(late.filter(({ missing }) => missing));
        }
        if (elapsed() >= args.timeoutSeconds) {
            throw new FleetTimeout(late, args.timeoutSeconds, args.hint, lastError);
        }
        await pause(1000 * LOOK_SECONDS(want.hosts.length + want.clusters.length));
    }
}
