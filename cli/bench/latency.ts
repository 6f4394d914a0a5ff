import type { LatencySample } from "./ironic-probe";
import { summary, type Summary } from "./summary";

/** Latency of Ironic's answers within one range of the number of hosts. */
export interface LatencyRow {
    /** Upper end of the range; its lower end is the row before. */
    nodes: number;
    samples: number;
    oneNode: Summary;
    listing: Summary;
}

/** Upper end of the range that a number of hosts falls into: 10, 20, 50, 100, 200, 500, and so on. */
function rangeEnd(nodes: number): number {
    for (let power = 10; ; power *= 10) {
        const end = [1, 2, 5].map((factor) => factor * power).find((candidate) => candidate >= nodes);
        if (end !== undefined) {
            return end;
        }
    }
}

/** Groups samples by the number of hosts at the time, in ascending order. */
export function latencyBySize(samples: readonly LatencySample[]): LatencyRow[] {
    const ranges = new Map<number, LatencySample[]>();
    for (const sample of samples) {
        const end = rangeEnd(sample.nodes);
        ranges.set(end, [...(ranges.get(end) ?? []), sample]);
    }
    return [...ranges]
        .sort(([a], [b]) => a - b)
        .map(([nodes, within]) => ({
            nodes,
            samples: within.length,
            oneNode: summary(within.map(({ oneNodeMs }) => oneNodeMs)),
            listing: summary(within.map(({ listingMs }) => listingMs)),
        }));
}
