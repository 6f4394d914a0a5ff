import { formatted, percent } from "../figures/format";
import { statOf } from "../figures/stat";
import type { Report, ReportedRun } from "../report";
import { factsOf, limitCounts, noiseText, titleOf, verdictLine } from "../words";
import { shown } from "./page";

/** By this the comment is found again. */
export const REPORT_MARKER = "<!-- metal3-scale-lab: report -->";

/** Most lines of the summary: what a person reads in a pull request. */
const MOST_LINES = 60;

/** What a summary names of a run, where it is recorded. */
const NAMED = [
    "goal",
    "hosts.available",
    "hosts.provisioned",
    "clusters.available",
    "machines.ready",
    "throughput.hosts.mean",
    "throughput.hosts.linearity",
    "throughput.clusters.mean",
    "failed",
    "stalls",
    "retries",
    "apiserver.conflicts",
    "apiserver.errors",
    "apiserver.mutating",
    "ironic.get",
    "ironic.list",
    "cpu.host",
    "memory.peak",
    "pulumi.up",
];

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
    rows.length === 0
        ? []
        : [
              `| ${head.join(" | ")} |`,
              `| ${head.map((_, index) => (index === 0 ? "---" : "---:")).join(" | ")} |`,
              ...rows.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`),
              "",
          ];

/** The first of a list; the last line says how many are left out. */
function cut(rows: readonly string[][], most: number): string[][] {
    const width = rows[0]?.length ?? 0;
    const left = rows.length - most + 1;
    const rest = [`and ${left} more`, ...Array<string>(Math.max(0, width - 1)).fill("")];
    return rows.length <= most ? [...rows] : [...rows.slice(0, most - 1), rest];
}

function figureRows({ figures }: ReportedRun): string[][] {
    return NAMED.flatMap((name) => {
        const figure = figures.find((each) => each.name === name);
        const measured = figure?.measured ?? null;
        if (figure === undefined || measured === null) {
            return [];
        }
        const cells = (["p50", "p95", "p99", "max"] as const).map((stat) =>
            typeof measured === "number" ? "" : formatted(statOf(measured, stat), figure.unit),
        );
        return [[`\`${name}\``, typeof measured === "number" ? formatted(measured, figure.unit) : "", ...cells]];
    });
}

type Delta = Report["deltas"][number];

const isSeen = ({ says }: Delta): boolean => /^(better|worse)/.test(says);

/** Differences: first of what a summary names, seen or not, then all others that were seen, the largest first. */
function deltaRows({ deltas }: Report): string[][] {
    const place = ({ name }: Delta): number => NAMED.indexOf(name.replace(/\.p\d+$/, ""));
    const named = deltas.filter((each) => place(each) >= 0).sort((a, b) => place(a) - place(b));
    const others = deltas
        .filter((each) => place(each) < 0 && isSeen(each))
        .sort((a, b) => Math.abs(b.change ?? 0) - Math.abs(a.change ?? 0));
    return [...named, ...others].map(({ name, unit, a, b, change, says }) => [
        `\`${name}\``,
        formatted(a, unit),
        formatted(b, unit),
        change === null ? "N/A" : percent(change),
        says,
    ]);
}

/** The report in Markdown, for the comment of a pull request: at most 60 lines. */
export function markdownOf(report: Report): string {
    const runs = shown(report.runs);
    const [first] = runs as [ReportedRun, ...ReportedRun[]];
    const failed = runs.flatMap(({ label, limits }) =>
        limits.flatMap(({ verdict, text, found, unit }) =>
            verdict === "PASS"
                ? []
                : [[`${label} ${text}`.trim(), found === null ? "not recorded" : formatted(found, unit), verdict]],
        ),
    );
    const isComparison = runs.length > 1;
    const facts = factsOf(first).filter(([name]) => /^(versions|commit|machine|yardstick)/.test(name));
    const lines = [
        REPORT_MARKER,
        `## ${titleOf(report)}`,
        "",
        ...runs.flatMap((run) => [`**${verdictLine(run)}**`, ""]),
        ...(failed.length > 0 ? table(["limit", "found", "verdict"], cut(failed, 8)) : []),
        ...(isComparison
            ? [noiseText(report), "", ...table(["figure", "A", "B", "B beside A", "B is"], cut(deltaRows(report), 28))]
            : table(["figure", "value", "p50", "p95", "p99", "max"], figureRows(first))),
        ...facts.map(([name, value]) => `- ${name}: ${value}`),
        `- again: \`${first.command}\``,
    ];
    const counts = limitCounts(first);
    if (lines.length > MOST_LINES) {
        throw new Error(`the summary has ${lines.length} lines, more than ${MOST_LINES}; its limits: ${counts}`);
    }
    return `${lines.join("\n")}\n`;
}
