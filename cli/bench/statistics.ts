/** What is said of a set of measurements; everything but `count` is null where there is none. */
export interface Summary {
    count: number;
    /** The middle one; of an even number, the mean of the middle two. */
    median: number | null;
    /** By nearest rank: the least measured value that at least 95 % of the values do not pass. */
    p95: number | null;
    max: number | null;
}

/** @param values measurements in any order; they are left as they are. */
export function summary(values: readonly number[]): Summary {
    const sorted = [...values].sort((a, b) => a - b);
    const count = sorted.length;
    if (count === 0) {
        return { count, median: null, p95: null, max: null };
    }
    const at = (index: number): number => sorted[index] as number;
    const middle = (at(Math.floor((count - 1) / 2)) + at(Math.floor(count / 2))) / 2;
    // A whole-number product: 0.95 × 20 must be the 19th, not what binary fractions make of it.
    return { count, median: middle, p95: at(Math.ceil((count * 95) / 100) - 1), max: at(count - 1) };
}
