import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { tailOf } from "../../toolchain/run";
import type { Suite } from "./suites";

export interface SuiteResult {
    name: string;
    passed: number;
    failed: number;
    skipped: number;
    /** Title and message of each failed test. */
    failures: string[];
    ms: number;
}

export interface Counts {
    passed: number;
    failed: number;
    skipped: number;
    failures: string[];
}

/** Counts of a report of mocha's reporter `json`. @throws SyntaxError when the report is cut off */
export function countMocha(text: string): Counts {
    const report = JSON.parse(text) as {
        stats: { passes: number; failures: number; pending: number };
        failures: { fullTitle: string; err: { message?: string } }[];
    };
    const failures = report.failures.map(({ fullTitle, err }) => `${fullTitle}: ${err.message ?? "no message"}`);
    return { passed: report.stats.passes, failed: report.stats.failures, skipped: report.stats.pending, failures };
}

interface GoEvent {
    Action: string;
    Package?: string;
    Test?: string;
    Output?: string;
}

/**
 * Counts of the events of `go test -json`. A package that fails without a failed test (it does not compile, or panics before the first) counts as one failure.
 */
export function countGo(text: string): Counts {
    const counts: Counts = { passed: 0, failed: 0, skipped: 0, failures: [] };
    const outputs = new Map<string, string>();
    const failedPackages = new Set<string>();
    for (const line of text.split("\n")) {
        if (!line.startsWith("{")) {
            continue;
        }
        const event = JSON.parse(line) as GoEvent;
        const key = `${event.Package ?? ""} ${event.Test ?? ""}`.trim();
        if (event.Action === "output") {
            outputs.set(key, (outputs.get(key) ?? "") + (event.Output ?? ""));
        }
        if (event.Test === undefined) {
            if (event.Action === "fail" && !failedPackages.has(event.Package ?? "")) {
                counts.failed += 1;
                counts.failures.push(`${key}: ${tailOf(outputs.get(key) ?? "", 15)}`);
            }
            continue;
        }
        if (event.Action === "pass") {
            counts.passed += 1;
        }
        if (event.Action === "skip") {
            counts.skipped += 1;
        }
        if (event.Action === "fail") {
            counts.failed += 1;
            failedPackages.add(event.Package ?? "");
            counts.failures.push(`${key}: ${tailOf(outputs.get(key) ?? "", 15)}`);
        }
    }
    return counts;
}

/** What a suite's report and exit code together say. A bad exit code without a failed test (a crash, a time-out) is a failure of its own. */
export function judge(counts: Counts, exit: { code: number | undefined; timedOut: boolean; tail: string }): Counts {
    const broken = exit.code !== 0 && counts.failed === 0;
    const empty = counts.passed + counts.failed === 0 && !broken;
    if (!broken && !empty) {
        return counts;
    }
    const why = exit.timedOut
        ? "did not end in time"
        : broken
          ? `ended with exit code ${exit.code ?? "none"}`
          : "ran no test";
    return {
        ...counts,
        failed: counts.failed + 1,
        failures: [...counts.failures, `the suite itself ${why}\n${exit.tail}`],
    };
}

/** Runs a suite to its end and counts from its machine-readable report. Its whole output goes to `<reports>/<name>.log`. */
export async function runSuite(
    suite: Suite,
    options: { reports: string; env: NodeJS.ProcessEnv; doing?: (text: string) => void },
): Promise<SuiteResult> {
    const report = join(options.reports, `${suite.name}.json`);
    const extra = suite.kind === "mocha" ? ["--reporter", "json", "--reporter-option", `output=${report}`] : [];
    const started = Date.now();
    const [program, ...args] = [...suite.command, ...extra] as [string, ...string[]];
    const { execa } = await import("execa");
    const child = execa(program, args, {
        cwd: suite.cwd,
        env: { ...options.env, ...suite.env },
        extendEnv: false,
        stdin: "ignore",
        all: true,
        reject: false,
        timeout: suite.limitMs,
        forceKillAfterDelay: 20_000,
    });
    // The log is whole before the suite is judged: its file is opened only after a short command has ended.
    const [result] = await Promise.all([
        child,
        pipeline(child.all, createWriteStream(join(options.reports, `${suite.name}.log`))),
    ]);
    // A command that could not be started, or was ended, need not have said anything.
    const tail = tailOf(result.all ?? "", 30) || (result.shortMessage ?? "");
    const exit = { code: result.exitCode, timedOut: result.timedOut, tail };
    const none: Counts = { passed: 0, failed: 0, skipped: 0, failures: [] };
    let counts = none;
    if (suite.kind === "one") {
        counts =
            result.exitCode === 0
                ? { ...none, passed: 1 }
                : { ...none, failed: 1, failures: [`${suite.name}\n${tail}`] };
    } else if (suite.kind === "go") {
        counts = countGo(result.stdout ?? "");
    } else {
        const text = await readFile(report, "utf8").catch(() => undefined);
        // No report: mocha did not come to its end; the exit code says so.
        if (text !== undefined) {
            counts = countMocha(text);
        } else {
            exit.code ||= 1;
        }
    }
    return { name: suite.name, ...judge(counts, exit), ms: Date.now() - started };
}
