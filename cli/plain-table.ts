import Table from "cli-table3";

const NO_LINES = Object.fromEntries(
    ["top", "bottom", "left", "right", "mid"].flatMap((side) =>
        [side, `${side}-mid`, `${side}-left`, `${side}-right`].map((name) => [name, ""]),
    ),
);

/** Rows under a head as lines of text, in columns without borders. */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
    const table = new Table({
        head: [...head],
        chars: { ...NO_LINES, middle: " " },
        style: { head: [], border: [], compact: true, "padding-left": 0 },
    });
    table.push(...rows.map((row) => [...row]));
    return table
        .toString()
        .split("\n")
        .map((line) => line.trimEnd());
}
