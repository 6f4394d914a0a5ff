import { sizingFigures, type SizingFigures } from "../sizing/figures";
import { broken, LIMITS, sizings, sizingText } from "../sizing/limits";
import type { SizingRow, SizingRun } from "../sizing/row";
import { mib, number, table } from "./table";

interface SizingTable {
    title: string;
    head: string[];
    rows: (string | number)[][];
}

const POINT = ["hosts", "conductors", "power sync s"];
const point = ({ nodes, conductors, intervalSeconds }: SizingFigures): (string | number)[] => [
    nodes,
    conductors,
    intervalSeconds,
];

/** The curve: what a conductor has to do, and how Ironic answers. */
function tables(rows: readonly SizingRow[]): SizingTable[] {
    const all = rows.map(sizingFigures);
    return [
        {
            title: "Enrolment and API",
            head: [
                ...POINT,
                "hosts/min",
                "a host s: median",
                "p95",
                "cores a conductor",
                "one node ms: median",
                "p95",
                "list of all ms: median",
                "p95",
            ],
            rows: all.map((each) => [
                ...point(each),
                number(each.enrolledPerMinute, 1),
                number(each.enrolledSeconds?.median),
                number(each.enrolledSeconds?.p95),
                number(each.enrolmentCores, 3),
                number(each.oneNodeMs?.median),
                number(each.oneNodeMs?.p95),
                number(each.listingMs?.median),
                number(each.listingMs?.p95),
            ]),
        },
        {
            title: "Power sync, and the lab at rest",
            head: [
                ...POINT,
                "hosts a conductor",
                "all hosts s",
                "lag s: median",
                "most",
                "not found",
                "cores a conductor",
                "MariaDB",
                "machine",
                "MiB a conductor",
                "calibration ms",
                "does not hold",
            ],
            rows: all.map((each, index) => [
                ...point(each),
                each.hostsPerConductor,
                number(each.passSeconds, 1),
                number(each.lagSeconds?.median),
                number(each.lagSeconds?.max),
                number(each.unseen),
                number(each.conductorCores, 3),
                number(each.databaseCores, 3),
                number(each.machineCores, 3),
                mib(each.conductorBytes),
                rows[index]?.calibrationMs?.map((value) => number(value)).join(", ") ?? number(undefined),
                broken(each).join(", ") || number(undefined),
            ]),
        },
    ];
}

/** What could not be read: such figures are of what was. */
function failures(rows: readonly SizingRow[]): string[] {
    return rows.flatMap(({ nodes, conductors, intervalSeconds, rest, latency, enrolment }) => {
        const where = `${nodes} hosts, conductors: ${conductors}, power sync every ${intervalSeconds} s`;
        return [
            ...(enrolment !== undefined && enrolment.available < enrolment.of
                ? [`${where}: ${enrolment.available} of ${enrolment.of} new hosts became available`]
                : []),
            ...(rest !== undefined && rest.failedSamples > 0
                ? [`${where}: ${rest.failedSamples} samples of the usage failed`]
                : []),
            ...(latency !== undefined && latency.failures > 0
                ? [`${where}: ${latency.failures} requests to Ironic failed, the last one: ${latency.lastError}`]
                : []),
        ];
    });
}

const findings = ({ rows }: SizingRun): string[] => sizings(rows.map(sizingFigures)).map(sizingText);

/** All figures for a person. */
export function sizingReport(run: SizingRun): string[] {
    return [
        "",
        `hosts of a conductor (${run.commit})`,
        ...tables(run.rows).flatMap(({ title, head, rows }) => [title, table(head, rows)]),
        ...failures(run.rows),
        ...LIMITS.map(({ name, rule }) => `limit "${name}": ${rule}`),
        ...findings(run),
    ];
}

/** The same as Markdown, as a record in docs/measurements or docs/sizing.md has it. */
export function sizingMarkdown(run: SizingRun): string {
    const { rows, commit, settings } = run;
    const pairs = Object.entries(settings).map(([key, value]) => `\`${key}=${value}\``);
    const began = rows[0]?.began.slice(0, 10) ?? "";
    return [
        `Measured on ${began} with commit ${commit}${pairs.length > 0 ? `, ${pairs.join(", ")}` : ""}.`,
        ...tables(rows).flatMap(({ title, head, rows: cells }) => [
            "",
            `### ${title}`,
            "",
            ...markdownTable(head, cells),
        ]),
        "",
        "### What follows",
        "",
        ...[...findings(run), ...failures(rows)].map((line) => `- ${line[0]?.toUpperCase()}${line.slice(1)}.`),
        "",
    ].join("\n");
}

/** A table with columns of equal width, as the formatter of the documents leaves it. */
function markdownTable(head: string[], rows: (string | number)[][]): string[] {
    const all = [head, ...rows.map((row) => row.map(String))];
    const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)));
    const line = (cells: string[]): string =>
        `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
    return [line(head), line(widths.map((width) => "-".repeat(width))), ...all.slice(1).map(line)];
}
