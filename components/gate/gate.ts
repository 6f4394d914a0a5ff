import { setTimeout as sleep } from "timers/promises";
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

/** The fleet is not where it should be in time: which objects, and their last error. */
export class FleetTimeout extends Error {
    constructor(
        readonly late: Laggard[],
        timeoutSeconds: number,
        hint: string,
        lastError: string,
    ) {
        const named = late.slice(0, NAMED_LAGGARDS).map(({ kind, name, reason }) => `  ${kind} ${name}: ${reason}`);
        const rest = late.length > NAMED_LAGGARDS ? [`  and ${late.length - NAMED_LAGGARDS} more`] : [];
        const trouble = lastError ? [`The last look at the cluster failed: ${lastError}`] : [];
        super(
            [`After ${timeoutSeconds} s ${late.length} objects are not where they should be:`, ...named, ...rest, ...trouble, hint].join("\n"),
        );
        this.name = "FleetTimeout";
        this.stack = this.message;
    }
}

/**
 * Waits until every host and cluster is where it should be.
 * @returns the fleet as last seen.
 * @throws FleetTimeout after `timeoutSeconds`; a look that fails is tried again until then.
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
            if (late.length === 0) return fleet;
        } catch (error) {
            lastError = error instanceof Error ? error.message : String(error);
        }
        if (elapsed() >= args.timeoutSeconds) throw new FleetTimeout(late, args.timeoutSeconds, args.hint, lastError);
        await pause(1000 * LOOK_SECONDS(want.hosts.length + want.clusters.length));
    }
}
