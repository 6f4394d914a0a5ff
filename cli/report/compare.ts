import { mean } from "simple-statistics";
import { verdict } from "../bench/compare/verdict";
import type { Unit } from "./figures/definition";
import type { Figure } from "./figures/figures";
import { statOf, type Stat } from "./figures/stat";

/** What B is beside A in one number. */
export interface Delta {
    name: string;
    unit: Unit;
    /** Means of the runs of each side; null where none has recorded it. */
    a: number | null;
    b: number | null;
    /** How much more B is, and how large a change may come from noise alone, as shares of A. */
    change: number | null;
    noise: number | null;
    says: string;
}

/** Numbers of a figure over many measurements by which two labs are compared. */
const COMPARED: readonly Stat[] = ["p50", "p95"];

/** From which change on one is called minor, notable and significant, as a share: of times, and of all else. */
const BANDS = {
    times: [
        [0.15, "significant"],
        [0.05, "notable"],
    ],
    others: [
        [0.25, "significant"],
        [0.1, "notable"],
        [0.05, "minor"],
    ],
} as const;

/** What a change is called by its size alone. */
export function band(change: number, isTime: boolean): string {
    const found = BANDS[isTime ? "times" : "others"].find(([from]) => Math.abs(change) > from);
    return found?.[1] ?? "small";
}

/** A number of a figure in each run that has it. */
function valuesOf(runs: readonly (readonly Figure[])[], name: string, stat: Stat | undefined): number[] {
    return runs.flatMap((figures) => {
        const figure = figures.find((each) => each.name === name);
        return figure === undefined ? [] : (statOf(figure.measured, stat) ?? []);
    });
}

const meanOf = (values: readonly number[]): number | null => (values.length === 0 ? null : mean([...values]));

/** What B is beside an A of 0, of which it cannot be a share. */
const fromZero = ({ moreIsBetter }: Figure, b: number): string =>
    b === 0 ? "both 0" : `${moreIsBetter === b > 0 ? "better" : "worse"}: A is 0`;

function delta(figure: Figure, stat: Stat | undefined, a: readonly number[], b: readonly number[]): Delta[] {
    const name = stat === undefined ? figure.name : `${figure.name}.${stat}`;
    const facts = { name, unit: figure.unit, a: meanOf(a), b: meanOf(b) };
    if (a.length === 0 && b.length === 0) {
        return [];
    }
    const found = verdict(a, b);
    if (found === undefined) {
        const says = a.length === 0 || b.length === 0 ? "recorded on one side only" : fromZero(figure, facts.b ?? 0);
        return [{ ...facts, change: null, noise: null, says }];
    }
    const { change, noise } = found;
    if (found.says === "no difference seen") {
        return [{ ...facts, change, noise, says: found.says }];
    }
    const isBetter = figure.moreIsBetter === change > 0;
    const size = band(change, figure.unit === "s");
    return [{ ...facts, change, noise, says: `${isBetter ? "better" : "worse"}, ${size}` }];
}

/**
 * What B is beside A, figure by figure.
 * @param a figures of each run of A. With three runs of each side their spread is the noise; with fewer, differences
 * under 5 % mean nothing
 */
export function deltas(a: readonly (readonly Figure[])[], b: readonly (readonly Figure[])[]): Delta[] {
    const all = new Map([...a, ...b].flat().map((figure) => [figure.name, figure]));
    return [...all.values()].flatMap((figure) => {
        const isSpread = [...a, ...b].some((figures) =>
            figures.some(
                (each) => each.name === figure.name && typeof each.measured === "object" && each.measured !== null,
            ),
        );
        const stats = isSpread ? COMPARED : [undefined];
        return stats.flatMap((stat) =>
            delta(figure, stat, valuesOf(a, figure.name, stat), valuesOf(b, figure.name, stat)),
        );
    });
}
