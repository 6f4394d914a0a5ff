import type { Measured, Spread } from "./measured";

/** Which number of a figure over many measurements is meant. */
export const STATS = ["n", "p50", "p95", "p99", "max"] as const satisfies readonly (keyof Spread)[];

export type Stat = (typeof STATS)[number];

/** A number of a figure. @param stat undefined: the figure is a single number. @returns null where there is none */
export function statOf(measured: Measured | null, stat: Stat | undefined): number | null {
    if (measured === null) {
        return null;
    }
    if (typeof measured === "number") {
        return stat === undefined ? measured : null;
    }
    return stat === undefined ? null : measured[stat];
}
