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
    max: number | null;
}

/** @param values measurements in any order. */
export function summary(values: readonly number[]): Summary {
    const sorted = [...values].sort((a, b) => a - b);
    const count = sorted.length;
    const max = sorted.at(-1);
    if (max === undefined) {
        return { count, median: null, p95: null, max: null };
    }
    // The product is a whole number: 0.95 × 20 could come out above 19 in binary fractions.
    const rank = Math.ceil((count * 95) / 100);
    return { count, median: medianSorted(sorted), p95: sorted[rank - 1] ?? max, max };
}
