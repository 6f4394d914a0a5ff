import { randomInt } from "node:crypto";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import pLimit from "p-limit";
import { duration } from "../lib/duration";
import { DEFAULT_STACK } from "../plan/commands";
import { UserError } from "../plan/user-error";
import type { Cache } from "../toolchain/cache/cache";
import { goBinaryPath } from "../toolchain/go/build";
import { ensureGo } from "../toolchain/go/go";
import { versionSets } from "../toolchain/images/recipes";
import { repoPath } from "../toolchain/paths";
import { Session } from "./session";
import { absent, countsText, sumOf } from "./test/report";
import { runSuite } from "./test/run";
import { e2eSuites, fastSuites, untriedSubstrates, WALK_SUITE, type Suite } from "./test/suites";

export interface TestOptions {
    only?: string;
    e2e: boolean;
    /** Whether a lab of the end-to-end tests takes every step there is, and not only those for which CI has time. */
    whole: boolean;
    /** The set of versions with which a lab of the end-to-end tests begins. Unset: the default set. */
    versionSet?: string;
    /** Steps of the random walk, which alone is made then. Unset: a short one beside all other end-to-end tests. */
    walk?: number;
    /** Of the random walk. Unset: any. */
    seed?: number;
}

/** Steps of the random walk unless they are asked for. */
const WALK_STEPS = 6;

/**
 * Seed of the walk beside the other end-to-end tests: always the same, so that a failure there is one of the change
 * that is tested. A walk that is asked for goes another way each time.
 */
const WALK_SEED = 2026;

const seedOf = ({ walk }: TestOptions): number => (walk === undefined ? WALK_SEED : randomInt(1, 2 ** 31));

/** The suites that are asked for. @throws Error naming all that there are, when one of them is none */
async function wantedSuites(options: TestOptions, say: (text: string) => void): Promise<Suite[]> {
    const walk = { steps: options.walk ?? WALK_STEPS, seed: options.seed ?? seedOf(options) };
    const all = options.e2e
        ? await e2eSuites(walk, { isWhole: options.whole, versionSet: options.versionSet })
        : await fastSuites();
    const names = all.map(({ name }) => name);
    const sets = Object.keys(versionSets().sets);
    if (options.versionSet !== undefined && !sets.includes(options.versionSet)) {
        throw new UserError(`--version-set = ${options.versionSet}: is none of ${sets.join(", ")}`);
    }
    const ordinary = all.filter(({ onDemand }) => !onDemand).map(({ name }) => name);
    const wanted = options.only?.split(",") ?? (options.walk === undefined ? ordinary : [WALK_SUITE]);
    const left = all.filter(({ name, onDemand }) => onDemand && !wanted.includes(name)).map(({ name }) => name);
    if (left.length > 0) {
        say(`runs only when it is asked for: ${left.map((name) => `--only ${name}`).join(", ")}`);
    }
    const unknown = wanted.filter((name) => !names.includes(name));
    if (unknown.length > 0) {
        throw new Error(`there is no suite ${unknown.join(", ")}: there are ${names.join(", ")}`);
    }
    if (options.e2e && wanted.includes(WALK_SUITE)) {
        say(`the random walk is repeated by: npm run test:e2e -- --walk ${walk.steps} --seed ${walk.seed}`);
    }
    return all.filter(({ name }) => wanted.includes(name));
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

/**
 * A folder with the programs of a management cluster, by the names under which controller-runtime's envtest looks for
 * them there, kubectl and helm. FKAS's tests run FKAS beside that cluster, and ask both the same.
 */
async function managementClusterPrograms(cache: Cache): Promise<string> {
    const folder = join(REPORTS, "management-cluster");
    await mkdir(folder);
    // `kube` holds all of Kubernetes and acts by the name that it is called by.
    const programs = { "kube-apiserver": "kube", kubectl: "kube", etcd: "etcd", helm: "helm" };
    for (const [name, target] of Object.entries(programs)) {
        await symlink(goBinaryPath(cache, target), join(folder, name));
    }
    return folder;
}

/** `npm test`: runs every suite to its end, also after one fails. @returns 1 when any test failed, or none passed */
export async function test(options: TestOptions): Promise<number> {
    const session = new Session();
    const { progress } = session;
    const suites = await wantedSuites(options, (text) => progress.line(text));
    const needTools = suites.some(({ tools }) => tools);
    const env = needTools ? await toolEnvironment(session) : { ...process.env };

    await rm(REPORTS, { recursive: true, force: true });
    await mkdir(REPORTS, { recursive: true });
    if (needTools) {
        env["KUBEBUILDER_ASSETS"] = await managementClusterPrograms(session.toolchain.cache);
    }
    progress.expect(suites.length);
    // Two suites at a time, since many tests mostly wait. The end-to-end tests measure, so they run one at a time.
    const limit = pLimit(options.e2e ? 1 : 2);
    const results = await Promise.all(
        suites.map((suite) =>
            limit(async () => {
                const result = await progress.step(`test ${suite.name}`, ({ notice }) =>
                    runSuite(suite, { reports: REPORTS, env, ended: notice }),
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
    // Where a lab could not be tried is told beside the counts: .ci/run repeats it in its last line.
    const isWhole = options.e2e && options.only === undefined && options.walk === undefined;
    for (const each of [...absent(sum.skips), ...(isWhole ? untriedSubstrates(suites) : [])]) {
        process.stdout.write(`not there: ${each}\n`);
    }
    process.stdout.write(`${countsText(sum)}\n`);
    return sum.failures.length === 0 && sum.passed > 0 ? 0 : 1;
}
