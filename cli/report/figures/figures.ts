import type { RunRecord } from "../../record/record";
import { COST_FIGURES, FAILURE_FIGURES, PULUMI_FIGURES } from "./cost";
import { GROUPS, isFamily, partName, type Definition, type Group, type Unit } from "./definition";
import { STAGE_FIGURES } from "./events";
import type { Measured } from "./measured";
import { ANSWER_FIGURES, PART_FIGURES } from "./parts";
import { THROUGHPUT_FIGURES } from "./throughput";

const ORDER = Object.keys(GROUPS) as Group[];

/** All figures of a report, in its order. docs/report.md has the same list. */
export const DEFINITIONS: readonly Definition[] = [
    ...STAGE_FIGURES,
    ...THROUGHPUT_FIGURES,
    ...FAILURE_FIGURES,
    ...ANSWER_FIGURES,
    ...PART_FIGURES,
    ...COST_FIGURES,
    ...PULUMI_FIGURES,
].sort((a, b) => ORDER.indexOf(a.group) - ORDER.indexOf(b.group));

/** A figure of one run. */
export interface Figure {
    name: string;
    group: Group;
    meaning: string;
    unit: Unit;
    moreIsBetter: boolean;
    /** Null: the run has not recorded it. */
    measured: Measured | null;
}

/** All figures of a run. Those that it has not recorded are there as well, but for the members of families. */
export function figuresOf(record: RunRecord): Figure[] {
    return DEFINITIONS.flatMap((definition): Figure[] => {
        const { group, meaning, unit, moreIsBetter = false } = definition;
        const facts = { group, meaning, unit, moreIsBetter };
        if (!isFamily(definition)) {
            return [{ name: definition.name, ...facts, measured: definition.of(record) ?? null }];
        }
        return Object.entries(definition.each(record)).flatMap(([part, measured]) =>
            measured === undefined ? [] : [{ name: definition.name.replace("*", partName(part)), ...facts, measured }],
        );
    });
}

/** The definition of a figure by its name, that of its family for one of a part; undefined: there is none. */
export function definitionOf(name: string): Definition | undefined {
    return DEFINITIONS.find((definition) =>
        isFamily(definition)
            ? name.startsWith(definition.name.slice(0, -1)) && name.length >= definition.name.length
            : definition.name === name,
    );
}
