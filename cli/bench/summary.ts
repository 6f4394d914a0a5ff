import { medianSorted } from "simple-statistics";

/** Figures over a set of measurements. All but `count` are null when the set is empty. */
export interface Summary {
    count: number;
    /** The middle value; of an even number of values, the mean of the middle two. */
    median: number | null;
    /**
     * 95th percentile by nearest rank: the least measured value that at least 95 % of the values do not exceed. It is
     * a value that was measured; simple-statistics interpolates between two.
     */
    p95: number | null;
    /** 99th percentile, likewise. */
    p99: number | null;
    max: number | null;
}

/** @param values measurements in any order. */
export function summary(values: readonly number[]): Summary {
    const sorted = [...values].sort((a, b) => a - b);
    const count = sorted.length;
    const max = sorted.at(-1);
    if (max === undefined) {
        return { count, median: null, p95: null, p99: null, max: null };
    }
    // The product is a whole number: 0.95 × 20 could come out above 19 in binary fractions.
    const percentile = (percent: number): number => sorted[Math.ceil((count * percent) / 100) - 1] ?? max;
    return { count, median: medianSorted(sorted), p95: percentile(95), p99: percentile(99), max };
}
