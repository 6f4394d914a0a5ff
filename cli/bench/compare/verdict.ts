import { mean, sampleVariance } from "simple-statistics";

/** What a figure says about two sides. */
export interface Verdict {
    /** Means of the runs of each side. */
    a: number;
    b: number;
    /** How much more B is than A, as a share of A. */
    change: number;
    /** How large a change, as a share of A, may come from noise alone. */
    noise: number;
    says: "better" | "worse" | "no difference seen";
}

/** Noise of a figure where runs are too few to tell it: changes below were seen between runs of the same code. */
export const ASSUMED_NOISE = 0.05;

/** How many runs each side must have, so that their spread alone tells the noise. */
export const MEASURED_FROM = 3;

/**
 * Factor of Student's distribution for a two-sided test at 1 %, by degrees of freedom from 1 on (NIST/SEMATECH
 * e-Handbook of Statistical Methods, 1.3.6.7.2). At 1 %, and not at 5 %, because a comparison has ten figures.
 */
const STUDENT = [63.657, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.25, 3.169];

/**
 * Holds the runs of two sides against each other.
 * @param assumed least noise where a side has fewer than {@link MEASURED_FROM} runs, as a share of A
 * @returns undefined where a side has no run, or nothing to take a share of
 */
export function verdict(
    a: readonly number[],
    b: readonly number[],
    assumed: number = ASSUMED_NOISE,
): Verdict | undefined {
    if (a.length === 0 || b.length === 0 || mean([...a]) === 0) {
        return undefined;
    }
    const [meanA, meanB] = [mean([...a]), mean([...b])];
    const change = (meanB - meanA) / meanA;
    const least = Math.min(a.length, b.length);
    const measured = least > 1 ? measuredNoise(a, b) / meanA : 0;
    const noise = least < MEASURED_FROM ? Math.max(assumed, measured) : measured;
    const isSeen = Math.abs(change) > noise;
    return {
        a: meanA,
        b: meanB,
        change,
        noise,
        says: isSeen ? (change < 0 ? "better" : "worse") : "no difference seen",
    };
}

/** Half of the confidence interval of the difference of two means, with the variance that both sides share. */
function measuredNoise(a: readonly number[], b: readonly number[]): number {
    const freedom = a.length + b.length - 2;
    const squares = sampleVariance([...a]) * (a.length - 1) + sampleVariance([...b]) * (b.length - 1);
    const factor = STUDENT[Math.min(freedom, STUDENT.length) - 1] as number;
    return factor * Math.sqrt((squares / freedom) * (1 / a.length + 1 / b.length));
}
