import type { LatencySample } from "./ironic-probe";
import { summary, type Summary } from "./statistics";

/** Answers while there were about so many hosts. */
export interface LatencyRow {
    /** Hosts, the upper end of the step. */
    nodes: number;
    samples: number;
    oneNode: Summary;
    listing: Summary;
}

const STEPS = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/** Samples by the number of hosts there were. */
export function latencyBySize(samples: readonly LatencySample[]): LatencyRow[] {
    return STEPS.flatMap((nodes, index) => {
        const above = STEPS[index - 1] ?? 0;
        const within = samples.filter((sample) => sample.nodes > above && sample.nodes <= nodes);
        if (within.length === 0) {
            return [];
        }
        return [
            {
                nodes,
                samples: within.length,
                oneNode: summary(within.map(({ oneNodeMs }) => oneNodeMs)),
                listing: summary(within.map(({ listingMs }) => listingMs)),
            },
        ];
    });
}
