import type { Histogram } from "./lines";

const sameBounds = (a: Histogram, b: Histogram): boolean =>
    a.bounds.length === b.bounds.length && a.bounds.every((bound, index) => bound === b.bounds[index]);

/**
 * What was measured between two looks. A part that was restarted meanwhile has begun to count anew: all that it counts
 * is from between.
 */
export function between(earlier: Histogram | null | undefined, later: Histogram): Histogram {
    if (!earlier || !sameBounds(earlier, later)) {
        return later;
    }
    const counts = later.counts.map((count, index) => count - (earlier.counts[index] ?? 0));
    return counts.some((count) => count < 0) ? later : { bounds: later.bounds, counts };
}

/** Several histograms together. Those whose bounds differ from the first one's cannot be added, and are left out. */
export function together(all: readonly Histogram[]): Histogram | undefined {
    const [first] = all;
    const alike = all.filter((each) => first !== undefined && sameBounds(first, each));
    return (
        first && {
            bounds: first.bounds,
            counts: first.counts.map((_, index) => alike.reduce((sum, { counts }) => sum + (counts[index] ?? 0), 0)),
        }
    );
}

export const countOf = ({ counts }: Histogram): number => counts.at(-1) ?? 0;

/**
 * The quantile as Prometheus' histogram_quantile estimates it: within the range of a bound the measurements are taken
 * for evenly spread. Beyond the last bound it is that bound.
 * @returns null where nothing was measured
 */
export function quantile(histogram: Histogram, share: number): number | null {
    const { bounds, counts } = histogram;
    const wanted = share * countOf(histogram);
    if (countOf(histogram) === 0) {
        return null;
    }
    const index = counts.findIndex((count) => count >= wanted && count > 0);
    const upper = bounds[index];
    if (upper === undefined) {
        return bounds.at(-1) ?? null;
    }
    const [lower, before] = index === 0 ? [0, 0] : [bounds[index - 1] as number, counts[index - 1] as number];
    const within = (counts[index] as number) - before;
    return within === 0 ? upper : lower + ((upper - lower) * Math.max(0, wanted - before)) / within;
}
