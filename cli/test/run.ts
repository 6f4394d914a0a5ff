import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { repoPath } from "../../toolchain/paths";
import { tailOf } from "../../toolchain/run";
import { countGo, countMocha, NONE, TEST_ENDED, withExit, type Counts } from "./report";
import type { Suite } from "./suites";

export interface SuiteResult extends Counts {
    name: string;
    /** Duration in milliseconds. */
    ms: number;
}

/**
 * Runs a suite to its end and counts from its report. Its whole output goes to `<reports>/<name>.log`.
 * @param options.ended told of each test that ends, in suites of long tests
 */
export async function runSuite(
    suite: Suite,
    options: { reports: string; env: NodeJS.ProcessEnv; ended?: (text: string) => void },
): Promise<SuiteResult> {
    const report = join(options.reports, `${suite.name}.json`);
    const reporter = suite.isLong ? repoPath("cli", "test", "reporter.ts") : "json";
    const extra = suite.kind === "mocha" ? ["--reporter", reporter, "--reporter-option", `output=${report}`] : [];
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
    if (suite.isLong) {
        createInterface({ input: child.all }).on("line", (line) => {
            if (line.startsWith(TEST_ENDED)) {
                options.ended?.(line.slice(TEST_ENDED.length));
            }
        });
    }
    // A short command ends before the log's file is open, so the log is waited for as well.
    const [result] = await Promise.all([
        child,
        pipeline(child.all, createWriteStream(join(options.reports, `${suite.name}.log`))),
    ]);
    // A command that could not be started, or was killed, may have said nothing.
    const tail = tailOf(result.all ?? "", 30) || (result.shortMessage ?? "");
    const exit = { code: result.exitCode, timedOut: result.timedOut, tail };
    const counts = async (): Promise<Counts> => {
        switch (suite.kind) {
            case "command":
                return result.exitCode === 0 ? { ...NONE, passed: 1 } : NONE;
            case "go":
                return countGo(result.stdout ?? "");
            case "mocha":
                // Mocha writes its report at its end. Without a report it did not get there, whatever its exit code.
                return readFile(report, "utf8").then(countMocha, () => {
                    exit.code ||= 1;
                    return NONE;
                });
        }
    };
    return { name: suite.name, ...withExit(await counts(), exit), ms: Date.now() - started };
}
