import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import pLimit from "p-limit";
import { duration } from "../lib/duration";
import { ensureGo } from "../toolchain/go/go";
import { repoPath } from "../toolchain/paths";
import { DEFAULT_STACK, Session } from "./session";
import { countsText, sumOf } from "./test/report";
import { runSuite } from "./test/run";
import { e2eSuites, fastSuites } from "./test/suites";

export interface TestOptions {
    only?: string;
    e2e: boolean;
}

/** The folder of each suite's machine-readable report and output, and of their sum. */
const REPORTS = repoPath(".lab", "test");

/** The environment with the toolchain's commands on PATH, and with Go, wherever it was found. */
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

/** `npm test`: runs every suite to its end, also after one fails. @returns 1 when any test failed, or none passed */
export async function test(options: TestOptions): Promise<number> {
    const session = new Session();
    const { progress } = session;
    const all = options.e2e ? await e2eSuites() : await fastSuites();
    const wanted = options.only?.split(",") ?? all.map(({ name }) => name);
    const suites = all.filter(({ name }) => wanted.includes(name));
    const unknown = wanted.filter((name) => !all.some((suite) => suite.name === name));
    if (unknown.length > 0) {
        throw new Error(`there is no suite ${unknown.join(", ")}: there are ${all.map(({ name }) => name).join(", ")}`);
    }
    const env = suites.some(({ tools }) => tools) ? await toolEnvironment(session) : process.env;

    await rm(REPORTS, { recursive: true, force: true });
    await mkdir(REPORTS, { recursive: true });
    progress.expect(suites.length);
    // Two suites at a time, since many tests mostly wait. The end-to-end tests measure, so they run one at a time.
    const limit = pLimit(options.e2e ? 1 : 2);
    const results = await Promise.all(
        suites.map((suite) =>
            limit(async () => {
                const result = await progress.step(`test ${suite.name}`, () =>
                    runSuite(suite, { reports: REPORTS, env }),
                );
                progress.line(`${suite.name}: ${countsText(result)} in ${duration(result.ms)}`);
                for (const failure of result.failures) {
                    progress.line(`  FAILED ${failure}`.replaceAll("\n", "\n      "));
                }
                return result;
            }),
        ),
    );
    await writeFile(`${REPORTS}/summary.json`, `${JSON.stringify(results, null, 2)}\n`);
    const sum = sumOf(results);
    for (const skip of sum.skips) {
        progress.line(`  SKIPPED ${skip}`.replaceAll("\n", "\n      "));
    }
    process.stdout.write(`${countsText(sum)}\n`);
    return sum.failures.length === 0 && sum.passed > 0 ? 0 : 1;
}
