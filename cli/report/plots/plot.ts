import type { RunRecord } from "../../record/record";

/** A run in a plot. */
export interface Run {
    /** Short name in legends: "" where the plot is of one run, else A and B. */
    label: string;
    record: RunRecord;
}

/** A table under a plot: what it shows, for whoever does not see it, or wants the numbers. */
export interface Table {
    columns: string[];
    rows: (string | number)[][];
}

/** A row of the data that a plot draws. */
export type Row = Record<string, string | number>;

/** A specification of Vega-Lite's: data, as far as the report knows. */
export type Spec = Record<string, unknown>;

export interface Plot {
    /** A letter, the same in every report. */
    id: string;
    title: string;
    /** What the plot says, in a sentence or two made of its data. */
    reading: string;
    /** Null: the runs have not recorded what it would show; `reading` says so. */
    spec: Spec | null;
    table: Table;
}

/** What is drawn: as {@link Plot}, without its letter and title. */
export type Drawn = Pick<Plot, "reading" | "spec" | "table">;

/** A plot for which the runs have recorded nothing. @param what lacks, with its verb */
export const notRecorded = (what: string): Drawn => ({
    reading: `Not recorded: ${what}.`,
    spec: null,
    table: { columns: [], rows: [] },
});

/** Words for the run of a sentence or a row: "A: ". */
export const inRun = ({ label }: Run): string => (label === "" ? "" : `${label}: `);

/** The columns of a table, with one for the run where there are several. */
export const columns = (runs: readonly Run[], ...names: string[]): string[] =>
    runs.length > 1 ? ["run", ...names] : names;

/** The cells of a row, likewise. */
export const cells = (runs: readonly Run[], { label }: Run, ...values: (string | number)[]): (string | number)[] =>
    runs.length > 1 ? [label, ...values] : values;

/** At most so many of a list, evenly spread, with the first and the last. */
export function thinned<T>(all: readonly T[], most: number): T[] {
    if (all.length <= most) {
        return [...all];
    }
    return Array.from({ length: most }, (_, index) => all[Math.round((index * (all.length - 1)) / (most - 1))] as T);
}
