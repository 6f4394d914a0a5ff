import type { Unit } from "../figures/definition";
import type { Figure } from "../figures/figures";
import { formatted } from "../figures/format";
import { statOf, type Stat } from "../figures/stat";

/** How a number may stand to a limit. */
export const RELATIONS = {
    "<": (value: number, limit: number) => value < limit,
    "<=": (value: number, limit: number) => value <= limit,
    ">": (value: number, limit: number) => value > limit,
    ">=": (value: number, limit: number) => value >= limit,
    "=": (value: number, limit: number) => value === limit,
} as const;

export type Relation = keyof typeof RELATIONS;

/** One line of a file of limits. */
export interface Limit {
    /** As it stands in the file. */
    text: string;
    figure: string;
    /** Undefined: the figure is a single number. */
    stat?: Stat | undefined;
    relation: Relation;
    /** In the figure's own unit. */
    value: number;
    unit: Unit;
}

/** A limit that a run was held against. */
export interface Judged extends Limit {
    verdict: "PASS" | "FAIL";
    /** Null: the run has not recorded the figure, which fails as well. */
    found: number | null;
    /** Verdict, limit and what was found, in a line. */
    says: string;
}

/** Holds a run against limits. A figure that it has not recorded fails: nobody knows that it holds. */
export function judge(limits: readonly Limit[], figures: readonly Figure[]): Judged[] {
    const byName = new Map(figures.map((figure) => [figure.name, figure.measured]));
    return limits.map((limit) => {
        const found = statOf(byName.get(limit.figure) ?? null, limit.stat);
        const verdict = found !== null && RELATIONS[limit.relation](found, limit.value) ? "PASS" : "FAIL";
        const was = found === null ? "not recorded" : formatted(found, limit.unit);
        return { ...limit, verdict, found, says: `${verdict} ${limit.text} (${was})` };
    });
}

export const hasFailed = (judged: readonly Judged[]): boolean => judged.some(({ verdict }) => verdict === "FAIL");
