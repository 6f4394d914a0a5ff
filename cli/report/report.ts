import { z } from "zod";
import type { RunRecord } from "../record/record";
import { deltas } from "./compare";
import { UNITS, GROUPS, type Group, type Unit } from "./figures/definition";
import { figuresOf } from "./figures/figures";
import { clustersBefore, hostsBefore } from "./figures/size";
import { judge, type Limit } from "./limits/limit";
import type { Plot } from "./plots/plot";
import { plotsOf } from "./plots/plots";

/** Version of the JSON report. It rises when a field goes, or means something else. */
export const REPORT_SCHEMA = 1;

const number = z.number().nullable();
const group = z.enum(Object.keys(GROUPS) as [Group, ...Group[]]);
const unit = z.enum(Object.keys(UNITS) as [Unit, ...Unit[]]);

const figure = z.strictObject({
    name: z.string().describe("The name of docs/report.md"),
    group,
    meaning: z.string(),
    unit,
    moreIsBetter: z.boolean(),
    measured: z
        .union([z.number(), z.strictObject({ n: z.number(), p50: number, p95: number, p99: number, max: number })])
        .nullable()
        .describe("Null: not recorded"),
});

const judged = z.strictObject({
    text: z.string(),
    figure: z.string(),
    stat: z.enum(["n", "p50", "p95", "p99", "max"]).optional(),
    relation: z.enum(["<", "<=", ">", ">=", "="]),
    value: z.number().describe("In the figure's unit"),
    unit,
    verdict: z.enum(["PASS", "FAIL"]),
    found: number,
    says: z.string(),
});

const run = z.strictObject({
    label: z.string().describe("Empty where one run is reported; else A or B"),
    began: z.string(),
    hosts: z.number().describe("All that the lab was to have"),
    clusters: z.number(),
    existing: z
        .strictObject({ hosts: z.number(), clusters: z.number() })
        .describe("How many of these the lab had before: they are in no figure"),
    tuning: z.string(),
    settings: z.record(z.string(), z.string()),
    versions: z.record(z.string(), z.string()),
    commit: z.string(),
    machine: z.strictObject({ cpus: z.number(), model: z.string(), memoryBytes: z.number() }),
    calibrationMs: z.array(z.number()).describe("The yardstick before and after the run, CPU-milliseconds"),
    command: z.string(),
    outcome: z.string().describe("complete, not ended, or why the run failed"),
    figures: z.array(figure),
    limits: z.array(judged),
});

const delta = z.strictObject({
    name: z.string(),
    unit,
    a: number,
    b: number,
    change: number.describe("How much more B is, as a share of A; null where A is 0 or one of both lacks"),
    noise: number.describe("How large a change may come from noise alone"),
    says: z.string(),
});

const plot = z.strictObject({
    id: z.string(),
    title: z.string(),
    reading: z.string(),
    table: z.strictObject({
        columns: z.array(z.string()),
        rows: z.array(z.array(z.union([z.string(), z.number()]))),
    }),
});

/** The JSON report. */
export const reportSchema = z.strictObject({
    schema: z.literal(REPORT_SCHEMA),
    runs: z.array(run).min(1),
    deltas: z.array(delta).describe("Empty where one run is reported"),
    plots: z.array(plot),
});

export type Report = z.infer<typeof reportSchema>;
export type ReportedRun = Report["runs"][number];

/** A lab that is reported, with all runs of it; only of two labs that are compared it has a label. */
export interface Side {
    label: "" | "A" | "B";
    records: readonly RunRecord[];
}

function outcome({ end, result }: RunRecord): string {
    if (end === undefined) {
        return result === undefined ? "not ended: the record breaks off" : "not ended: its lab was not taken away yet";
    }
    return end.error ?? "complete";
}

/** What the report says of one run. */
export function reported(label: string, record: RunRecord, limits: readonly Limit[]): ReportedRun {
    const { header, end } = record;
    const { began, hosts, clusters, tuning, settings, versions, commit, machine, command } = header;
    const figures = figuresOf(record);
    return {
        label,
        ...{ began, hosts, clusters, existing: { hosts: hostsBefore(record), clusters: clustersBefore(record) } },
        ...{ tuning, settings, versions, commit, machine, command },
        calibrationMs: [header.calibrationMs, end?.calibrationMs].filter((each) => typeof each === "number"),
        outcome: outcome(record),
        figures,
        limits: judge(limits, figures),
    };
}

/**
 * The report of a lab, or of two that are compared. The plots show the first run of each.
 * @param limits that every run is held against
 */
export function reportOf(sides: readonly Side[], limits: readonly Limit[]): { report: Report; plots: Plot[] } {
    const runs = sides.flatMap(({ label, records }) => records.map((record) => reported(label, record, limits)));
    const plots = plotsOf(
        sides.flatMap(({ label, records: [record] }) => (record === undefined ? [] : [{ label, record }])),
    );
    const of = (label: Side["label"]): ReportedRun["figures"][] =>
        runs.filter((each) => each.label === label).map(({ figures }) => figures);
    const report = {
        schema: REPORT_SCHEMA,
        runs,
        deltas: sides.length > 1 ? deltas(of("A"), of("B")) : [],
        plots: plots.map(({ id, title, reading, table }) => ({ id, title, reading, table })),
    } as const;
    return { report, plots };
}
