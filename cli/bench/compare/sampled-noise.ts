import { quantile, sampleWithReplacement } from "simple-statistics";
import { summary } from "../summary";

/** Samples that are drawn together: a busy machine slows those that follow each other. */
const BLOCK = 5;

/** Sets of samples that are drawn. */
const DRAWS = 2000;

/** How many of them lie within the noise: as many as of the runs, where there are several (verdict.ts). */
const WITHIN = 0.99;

/**
 * How large a difference of two 95th percentiles may come from which moments the samples of a single run each have
 * met, as a share of A's: half of the interval in which 99 of 100 differences lie when samples are drawn anew, in
 * blocks of neighbours (the moving block bootstrap: Künsch, The Annals of Statistics 17(3), 1989). What differs from
 * one run to the next for all samples is not in it. 0 where a side has no sample.
 */
export function noiseOfP95(a: readonly number[], b: readonly number[]): number {
    const whole = summary(a).p95;
    if (whole === null || whole === 0 || b.length === 0) {
        return 0;
    }
    const [drawA, drawB] = [drawing(a), drawing(b)];
    const differences = Array.from({ length: DRAWS }, () => drawB() - drawA());
    const outside = (1 - WITHIN) / 2;
    return (quantile(differences, 1 - outside) - quantile(differences, outside)) / 2 / whole;
}

/** Gives the 95th percentile of as many samples, drawn in blocks, at each call. */
function drawing(samples: readonly number[]): () => number {
    const length = Math.min(BLOCK, samples.length);
    const blocks = Array.from({ length: samples.length - length + 1 }, (_, at) => samples.slice(at, at + length));
    return () => {
        const drawn = sampleWithReplacement(blocks, Math.ceil(samples.length / length)).flat();
        return summary(drawn.slice(0, samples.length)).p95 as number;
    };
}
