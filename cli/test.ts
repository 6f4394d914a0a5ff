import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import pLimit from "p-limit";
import { duration } from "../lib/duration";
import { ensureGo } from "../toolchain/go/go";
import { repoPath } from "../toolchain/paths";
import { DEFAULT_STACK, Session } from "./session";
import { runSuite, type SuiteResult } from "./test/run";
import { e2eSuites, fastSuites } from "./test/suites";

export interface TestOptions {
    only?: string;
    e2e: boolean;
}

/** Where each suite's machine-readable report, its output and the sum go. */
export const REPORTS = repoPath(".lab", "test");

/** A sum as the last line of the output. No test at all is a failure: something kept them from running. */
export function verdict(results: readonly SuiteResult[]): { line: string; ok: boolean } {
    const passed = results.reduce((sum, result) => sum + result.passed, 0);
    const failed = results.reduce((sum, result) => sum + result.failed, 0);
    return { line: `${passed} passed, ${failed} failed`, ok: failed === 0 && passed > 0 };
}

/** The commands of the toolchain on PATH, and Go, wherever it was found. */
async function toolEnvironment(session: Session): Promise<NodeJS.ProcessEnv> {
    const { env } = await session.ensure("test", DEFAULT_STACK);
    const { cache } = session.toolchain;
    const go = await ensureGo({
        cache,
        log: session.toolchain.log("go"),
        notice: (text) => session.progress.line(text),
    });
    return go.where === "PATH" ? env : { ...env, PATH: `${dirname(go.path)}:${env["PATH"] ?? ""}` };
}

/** `npm test`: every suite to its end, also after one fails. @returns 1 when any test failed, or none ran */
export async function test(options: TestOptions): Promise<number> {
    const session = new Session();
    const { progress } = session;
    const all = options.e2e ? await e2eSuites() : await fastSuites();
    const wanted = options.only?.split(",");
    const unknown = wanted?.filter((name) => !all.some((suite) => suite.name === name)) ?? [];
    if (unknown.length > 0) {
        throw new Error(`there is no suite ${unknown.join(", ")}: there are ${all.map(({ name }) => name).join(", ")}`);
    }
    const suites = all.filter(({ name }) => wanted === undefined || wanted.includes(name));
    const needTools = suites.some(({ tools }) => tools);
    const env = needTools ? await toolEnvironment(session) : process.env;

    await rm(REPORTS, { recursive: true, force: true });
    await mkdir(REPORTS, { recursive: true });
    progress.expect(suites.length);
    // Two at a time: many tests mostly wait. The end-to-end tests measure, and share a machine: one at a time.
    const limit = pLimit(options.e2e ? 1 : 2);
    const results = await Promise.all(
        suites.map((suite) =>
            limit(async () => {
                const result = await progress.step(`test ${suite.name}`, (step) =>
                    runSuite(suite, { reports: REPORTS, env, doing: step.doing }),
                );
                progress.line(
                    `${suite.name}: ${result.passed} passed, ${result.failed} failed${result.skipped > 0 ? `, ${result.skipped} skipped` : ""} in ${duration(result.ms)}`,
                );
                for (const failure of result.failures) {
                    progress.line(`  FAILED ${failure}`.replaceAll("\n", "\n      "));
                }
                return result;
            }),
        ),
    );
    await writeFile(`${REPORTS}/summary.json`, `${JSON.stringify(results, null, 2)}\n`);
    const sum = verdict(results);
    process.stdout.write(`${sum.line}\n`);
    return sum.ok ? 0 : 1;
}
