import { summary } from "../../bench/summary";
import { countOf, quantile } from "../../record/histogram";
import type { Histogram } from "../../record/lines";

/** Figures over many measurements. All but `n` are null where there is none. */
export interface Spread {
    n: number;
    p50: number | null;
    p95: number | null;
    p99: number | null;
    max: number | null;
}

/** A figure: a single number, or figures over many measurements. */
export type Measured = number | Spread;

/** The figures of measurements; undefined where there is none: nothing was recorded. */
export function spread(values: readonly number[]): Spread | undefined {
    const { count, median, p95, p99, max } = summary(values);
    return count === 0 ? undefined : { n: count, p50: median, p95, p99, max };
}

/**
 * The figures of measurements that are known as a histogram: each is an estimate, and `max` the bound below which all
 * of them lie. It is null where some lie beyond the last bound.
 */
export function histogramSpread(histogram: Histogram | undefined): Spread | undefined {
    if (histogram === undefined || countOf(histogram) === 0) {
        return undefined;
    }
    const all = countOf(histogram);
    return {
        n: all,
        p50: quantile(histogram, 0.5),
        p95: quantile(histogram, 0.95),
        p99: quantile(histogram, 0.99),
        max: histogram.bounds[histogram.counts.findIndex((count) => count === all)] ?? null,
    };
}
