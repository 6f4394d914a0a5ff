import Table from "cli-table3";
import type { RunResult } from "../file";
import { MIB } from "../run-figures";

/** A number for a table; a dash where there is none. */
export const number = (value: number | null | undefined, digits = 0): string =>
    value === undefined || value === null ? "–" : value.toFixed(digits);

/** Bytes as MiB for a table. */
export const mib = (bytes: number | undefined): string => number(bytes === undefined ? undefined : bytes / MIB);

/** The size of a run, and its way when that is not the lab's own. */
export const runName = (run: RunResult): string =>
    `${run.nodes}/${run.clusters}${run.tuning === "published" ? " published" : ""}${run.side ? ` ${run.side}` : ""}`;

/** A table as text: the first column aligned left, the others right. */
export function table(head: string[], rows: (string | number)[][]): string {
    const made = new Table({
        head,
        style: { head: [], border: [] },
        colAligns: head.map((_, index) => (index === 0 ? "left" : "right")),
    });
    made.push(...rows.map((row) => row.map(String)));
    return made.toString();
}
