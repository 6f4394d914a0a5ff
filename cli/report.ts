import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { UserError } from "../plan/user-error";
import { repoPath } from "../toolchain/paths";
import { writeNote } from "./forge/note";
import { parseRecord, type RunRecord } from "./record/record";
import { junit } from "./report/limits/junit";
import { hasFailed, type Judged, type Limit } from "./report/limits/limit";
import { parseLimits } from "./report/limits/parse";
import { drawing } from "./report/page/drawing";
import { markdownOf, REPORT_MARKER } from "./report/page/markdown";
import { pageOf } from "./report/page/page";
import { reported, reportOf, type Report, type Side } from "./report/report";
import { sizeOf, verdictLine } from "./report/words";

export interface ReportOptions {
    /** Two sides, each a record, or several of the same lab separated by commas. */
    compare?: string[];
    /** File of limits. */
    thresholds?: string;
    /** File for the limits' verdicts as JUnit's XML. */
    junit?: string;
    /** Folder of the report, from the top of the checkout. Default: beside the records, by the first one's name. */
    out?: string;
}

/** @throws UserError when the file cannot be read */
async function read(file: string): Promise<string> {
    try {
        return await readFile(resolve(repoPath(), file), "utf8");
    } catch (error) {
        throw new UserError(`${file}: cannot be read: ${(error as Error).message}`);
    }
}

/** @throws UserError with line, key, value and rule of everything that is wrong in the file */
export const readLimits = async (file: string | undefined): Promise<Limit[]> =>
    file === undefined ? [] : parseLimits(await read(file), file);

const records = (files: readonly string[]): Promise<RunRecord[]> =>
    Promise.all(files.map(async (file) => parseRecord(await read(file), file)));

/** The labs that the command names. @throws UserError when it names none, too many, or both ways */
async function sidesOf(record: string | undefined, compare: string[] | undefined): Promise<Side[]> {
    if ((record === undefined) === (compare === undefined)) {
        throw new UserError("report: name one record, or two with --compare A B; records are in .lab/records");
    }
    if (compare !== undefined) {
        const [a, b] = compare;
        if (a === undefined || b === undefined || compare.length > 2) {
            throw new UserError(
                `--compare: ${compare.join(" ")}: must be two, each a record or several separated by commas`,
            );
        }
        return [
            { label: "A", records: await records(a.split(",")) },
            { label: "B", records: await records(b.split(",")) },
        ];
    }
    return [{ label: "", records: await records([record ?? ""]) }];
}

/** Writes verdicts as JUnit's XML. */
async function writeJunit(file: string, runs: Report["runs"]): Promise<void> {
    const path = resolve(repoPath(), file);
    await mkdir(dirname(path), { recursive: true });
    const named = runs.map((run) => ({
        name: `${run.label} ${sizeOf(run)}, ${run.commit}`.trim(),
        judged: run.limits,
    }));
    await writeFile(path, junit(named));
}

/** What is printed: each run's verdict, then each limit's. */
const verdictText = ({ runs }: Pick<Report, "runs">): string =>
    runs.flatMap((run) => [verdictLine(run), ...run.limits.map(({ says }) => `  ${says}`)]).join("\n");

/** Holds the run of a record against limits. @param file from the top of the checkout */
export async function judgedRecord(file: string, limits: readonly Limit[]): Promise<Judged[]> {
    const [record] = await records([file]);
    return record === undefined ? [] : reported("", record, limits).limits;
}

/**
 * Holds runs against limits, and says what has come of it.
 * @param files the runs' records, from the top of the checkout
 * @param junitFile file for the verdicts as JUnit's XML
 * @returns the exit code: 1 when a limit does not hold
 */
export async function judged(
    files: readonly string[],
    limits: readonly Limit[],
    junitFile: string | undefined,
): Promise<number> {
    const runs = (await records(files)).map((record) => reported(record.header.side ?? "", record, limits));
    if (junitFile !== undefined) {
        await writeJunit(junitFile, runs);
    }
    process.stdout.write(`${verdictText({ runs })}\n`);
    return runs.some((run) => hasFailed(run.limits)) ? 1 : 0;
}

/**
 * `npm run report`: a record, or two that are compared, as HTML, JSON and Markdown.
 * @returns the exit code: 1 when a limit does not hold
 */
export async function report(record: string | undefined, options: ReportOptions): Promise<number> {
    const sides = await sidesOf(record, options.compare);
    const { report: made, plots } = reportOf(sides, await readLimits(options.thresholds));
    const drawings = new Map<string, string>();
    for (const { id, spec } of plots) {
        if (spec !== null) {
            drawings.set(id, await drawing(spec, id));
        }
    }
    const [first = ""] = (record ?? options.compare?.join("-") ?? "").split(",");
    const folder = resolve(repoPath(), options.out ?? join(".lab", "reports", basename(first, ".jsonl")));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "report.html"), pageOf(made, plots, drawings));
    await writeFile(join(folder, "report.json"), `${JSON.stringify(made, undefined, 1)}\n`);
    const body = markdownOf(made);
    await writeFile(join(folder, "report.md"), body);
    const failed = made.runs.some(({ limits }) => hasFailed(limits));
    await writeNote(join(folder, "note.json"), { marker: REPORT_MARKER, body, open: failed });
    if (options.junit !== undefined) {
        await writeJunit(options.junit, made.runs);
    }
    const place = relative(repoPath(), folder);
    process.stdout.write(`${verdictText(made)}\nreport.html, report.json and report.md are in ${place}\n`);
    return failed ? 1 : 0;
}
