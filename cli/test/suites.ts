import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SUBSTRATES } from "../../plan/substrate/plan";
import { repoPath } from "../../toolchain/paths";

/** A set of tests that one program runs. */
export interface Suite {
    name: string;
    /** How the tests are counted: from mocha's or Go's report, or as one test that the command's exit code decides. */
    kind: "mocha" | "go" | "command";
    /** Program and arguments, without the options for the report. */
    command: string[];
    cwd: string;
    /** Longest run in milliseconds. */
    limitMs: number;
    /** Whether it needs the toolchain's commands (pulumi, kubectl, helm, go) on PATH. */
    tools: boolean;
    /** Whether its tests are few and long: each is told of when it ends. Mocha's suites only. */
    isLong?: boolean;
    /** Added to the environment. */
    env?: Record<string, string>;
    /** Whether it runs only when it is asked for by its name. */
    onDemand?: boolean;
    /** The substrate that it is about. Default: none in particular. */
    substrate?: string;
}

type Substrate = (typeof SUBSTRATES)[number];

const MINUTE = 60_000;

/** Folders of test/, the one that takes longest first, and whether they need the toolchain's commands. */
export const FOLDERS = { style: true, plugins: true, services: false, unit: false, components: false, charts: true };

/** The settings with which the programs are built. With any other, Go would compile all of upstream a second time. */
const GO_ENV = {
    CGO_ENABLED: "0",
    GOFLAGS: "-trimpath -buildvcs=false -mod=readonly",
    GOTOOLCHAIN: "local",
    GOWORK: "off",
};

/**
 * Modules that hold programs of ours. Vet and staticcheck analyse everything that is imported: for a small main
 * function over all of upstream that takes minutes.
 */
const OUR_MODULES = ["fkas", "align", "pause"];
const STATICCHECK_PIN = `-modfile=${repoPath("toolchain", "go", "staticcheck", "go.mod")}`;

const nodeCommand = (path: string, ...args: string[]): string[] => [
    process.execPath,
    repoPath("node_modules", path),
    ...args,
];

const mocha = (name: string, files: string, tools: boolean, limitMs: number): Suite => ({
    name,
    kind: "mocha",
    // A busy machine takes several times as long as an idle one, for which mocha's default of 2 s is meant.
    command: nodeCommand("mocha/bin/mocha.js", "--import=tsx", "--timeout=60000", files),
    cwd: repoPath(),
    limitMs,
    tools,
});

/** The tests of our Go modules, and what vet and staticcheck find in those that hold programs of ours. */
async function goSuites(): Promise<Suite[]> {
    const packages = new Map<string, Set<string>>();
    for (const parent of ["services", "toolchain/go"]) {
        for (const file of await readdir(repoPath(parent), { recursive: true })) {
            if (file.endsWith("_test.go")) {
                const [name = "", ...rest] = dirname(file).split("/");
                const module = join(parent, name);
                packages.set(module, (packages.get(module) ?? new Set()).add(`./${rest.join("/")}`));
            }
        }
    }
    return [...packages].flatMap(([module, tested]): Suite[] => {
        const name = basename(module);
        const common = { cwd: repoPath(module), limitMs: 20 * MINUTE, tools: true, env: GO_ENV };
        const isOurs = OUR_MODULES.includes(name);
        const test = ["go", "test", ...(isOurs ? [] : ["-vet=off"]), "-json", ...tested];
        const checks: [string, string[]][] = [
            ["vet", ["go", "vet", "./..."]],
            ["staticcheck", ["go", "tool", STATICCHECK_PIN, "staticcheck", "./..."]],
        ];
        return [
            ...(isOurs ? checks : []).map(([check, command]): Suite => ({
                ...common,
                name: `${check}-${name}`,
                kind: "command",
                command,
            })),
            { ...common, name: `go-${name}`, kind: "go", command: test },
        ];
    });
}

/** Everything that needs no lab. */
export async function fastSuites(): Promise<Suite[]> {
    return [
        ...Object.entries(FOLDERS).map(([name, tools]) => mocha(name, `test/${name}/**/*.test.ts`, tools, 20 * MINUTE)),
        {
            name: "types",
            kind: "command",
            // tsconfig.json sets noCheck, which makes Pulumi's runs start faster.
            command: nodeCommand("typescript/bin/tsc", "-p", ".", "--noCheck", "false"),
            cwd: repoPath(),
            limitMs: 5 * MINUTE,
            tools: false,
        },
        ...(await goSuites()),
    ];
}

/** The random walk over a living lab, which has a stack of its own. */
const WALK_TESTS = "walk";
export const WALK_SUITE = "e2e-walk";

/** The tests that are about a lab on each substrate. */
const ON_EACH_SUBSTRATE = ["lab", "registry"];

/**
 * Labs of their own, each on a stack of its own, for which CI has no time: they run when they are asked for by name.
 * A rollout of a larger lab, several Kubernetes nodes, a cluster that is there, a registry, a state on a bucket,
 * a machine without a network.
 */
const ON_DEMAND = ["rollout", "workers", "existing", "registry", "state", "bundle"];

/** A random walk: the same seed gives the same one. */
export interface Walk {
    steps: number;
    seed: number;
}

/** The substrates on which none of the suites makes a lab, each with the reason, as a test tells it that is skipped. */
export const untriedSubstrates = (suites: readonly Suite[]): string[] =>
    SUBSTRATES.filter((name) => !suites.some(({ substrate }) => substrate === name)).map(
        (name) =>
            `the substrate ${name}: its tests run only when they are asked for, ` +
            `because of the time that they take (npm run test:e2e -- --only e2e-lab-${name})`,
    );

/** How mocha is called for labs: what a failed hook left open must not keep it until the suite's limit. */
const lab = (name: string, file: string): Suite => {
    const suite = mocha(`e2e-${name}`, `test/e2e/${file}`, true, 100 * MINUTE);
    return { ...suite, command: [...suite.command, "--exit"], isLong: true };
};

/** What is asked of a lab on one substrate. */
export interface LabSuites {
    /** Whether it takes every step there is, and not only those for which CI has time. Default: no. */
    isWhole?: boolean;
    /** The set of versions with which it begins. Default: the default set. */
    versionSet?: string | undefined;
}

/** The tests that make labs or parts of one. They take long, one after another. */
export async function e2eSuites(walk: Walk, labs: LabSuites): Promise<Suite[]> {
    const files = (await readdir(repoPath("test/e2e"))).filter((name) => name.endsWith(".test.ts")).sort();
    return files.flatMap((file): Suite[] => {
        const name = basename(file, ".test.ts");
        const suite = lab(name, file);
        if (name === WALK_TESTS) {
            const env = {
                METAL3_SCALE_LAB_E2E_STACK: "walk",
                METAL3_SCALE_LAB_E2E_WALK: String(walk.steps),
                METAL3_SCALE_LAB_E2E_SEED: String(walk.seed),
            };
            // A step takes one to three minutes, bringing the lab up and taking it away about five.
            return [{ ...suite, name: WALK_SUITE, limitMs: (20 + 6 * walk.steps) * MINUTE, env }];
        }
        const own = ON_DEMAND.includes(name)
            ? { ...suite, env: { METAL3_SCALE_LAB_E2E_STACK: name }, onDemand: true }
            : suite;
        return ON_EACH_SUBSTRATE.includes(name) ? SUBSTRATES.map((substrate) => on(substrate, own, labs)) : [own];
    });
}

/** A suite about a lab on one substrate. */
function on(substrate: Substrate, suite: Suite, { isWhole, versionSet }: LabSuites): Suite {
    const whole = isWhole ? { METAL3_SCALE_LAB_E2E_WHOLE: "1" } : {};
    const set = versionSet === undefined ? {} : { METAL3_SCALE_LAB_E2E_VERSION_SET: versionSet };
    const env = {
        METAL3_SCALE_LAB_E2E_STACK: stackOn(substrate, suite),
        METAL3_SCALE_LAB_E2E_SUBSTRATE: substrate,
        ...whole,
        ...set,
    };
    const there = { ...suite, name: `${suite.name}-${substrate}`, env, substrate };
    // With the cluster that has to be there it takes longer than CI has.
    return substrate === "existing" ? { ...there, onDemand: true, limitMs: 150 * MINUTE } : there;
}

/** Its stack: none has the name of another, or two suites that run side by side would take each other's lab away. */
function stackOn(substrate: Substrate, suite: Suite): string {
    const own = suite.env?.["METAL3_SCALE_LAB_E2E_STACK"];
    if (own !== undefined) {
        return `${own}-${substrate}`;
    }
    // The stack `existing` is that of the suite which makes the cluster only.
    return substrate === "existing" ? "guest" : substrate;
}
