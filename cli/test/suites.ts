import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { repoPath } from "../../toolchain/paths";

/** A set of tests run by one program. */
export interface Suite {
    name: string;
    kind: "mocha" | "go" | "one";
    /** Program and arguments; the report's options are added by the runner. */
    command: string[];
    cwd: string;
    /** Longest run, milliseconds. */
    limitMs: number;
    /** Needs the toolchain's commands (pulumi, kubectl, helm) on PATH. */
    tools: boolean;
    /** Added to the environment. */
    env?: Record<string, string>;
}

const MINUTE = 60_000;

/** Folders of test/, the longest first, and whether they call the toolchain's commands. */
const MOCHA: Record<string, boolean> = { plugins: true, services: false, unit: false, components: false, charts: true };

/** A busy machine takes several times as long: mocha's own 2 s would fail tests for that alone. */
const MOCHA_COMMAND = [
    process.execPath,
    repoPath("node_modules/mocha/bin/mocha.js"),
    "--import=tsx",
    "--timeout=20000",
];

/** The settings the programs are built with: with any other, Go would compile all of upstream a second time. */
const GO_ENV = {
    CGO_ENABLED: "0",
    GOFLAGS: "-trimpath -buildvcs=false -mod=readonly",
    GOTOOLCHAIN: "local",
    GOWORK: "off",
};

/** Modules of toolchain/go that hold programs of ours and import little else. */
const STATICCHECKED = ["align", "pause"];

async function hasTests(folder: string): Promise<boolean> {
    const files = await readdir(folder, { recursive: true }).catch(() => []);
    return files.some((name) => name.endsWith(".test.ts"));
}

function mocha(name: string, folder: string, tools: boolean, limitMs: number): Suite {
    const pattern = join(relative(repoPath(), folder), "**", "*.test.ts");
    return { name, kind: "mocha", command: [...MOCHA_COMMAND, pattern], cwd: repoPath(), limitMs, tools };
}

/** Our Go modules that have tests: those that only pin upstream's programs have none. */
async function goModules(): Promise<{ module: string; packages: string[] }[]> {
    const folders = await Promise.all(
        ["services", join("toolchain", "go")].map(async (parent) =>
            (await readdir(repoPath(parent))).map((name) => join(parent, name)),
        ),
    );
    const modules = folders.flat().filter((module) => existsSync(repoPath(module, "go.mod")));
    const found = await Promise.all(
        modules.map(async (module) => {
            const files = (await readdir(repoPath(module), { recursive: true })).filter((name) =>
                name.endsWith("_test.go"),
            );
            return { module, packages: [...new Set(files.map((file) => `./${dirname(file)}`))] };
        }),
    );
    return found.filter(({ packages }) => packages.length > 0);
}

/** Everything that needs no lab. */
export async function fastSuites(): Promise<Suite[]> {
    const node = process.execPath;
    const bin = (path: string): string => repoPath("node_modules", path);
    const suites: Suite[] = [];
    for (const [name, tools] of Object.entries(MOCHA)) {
        const folder = repoPath("test", name);
        if (await hasTests(folder)) {
            suites.push(mocha(name, folder, tools, 10 * MINUTE));
        }
    }
    suites.push(
        // tsconfig.json says noCheck for the sake of Pulumi's runs.
        {
            name: "types",
            kind: "one",
            command: [node, bin("typescript/bin/tsc"), "-p", ".", "--noCheck", "false"],
            cwd: repoPath(),
            limitMs: 5 * MINUTE,
            tools: false,
        },
        {
            name: "lint",
            kind: "one",
            command: [node, bin("eslint/bin/eslint.js"), "."],
            cwd: repoPath(),
            limitMs: 5 * MINUTE,
            tools: false,
        },
    );
    for (const { module, packages } of await goModules()) {
        const name = module.split("/").at(-1) as string;
        const common = { cwd: repoPath(module), limitMs: 20 * MINUTE, tools: true, env: GO_ENV };
        // Vet analyses everything that is imported, all of upstream for the modules that build it: minutes for a main function of ours.
        const own = module.startsWith("services");
        if (own) {
            suites.push({ ...common, name: `vet-${name}`, kind: "one", command: ["go", "vet", "./..."] });
        }
        // staticcheck analyses what is imported, too: not for the modules that build upstream's programs.
        if (own || STATICCHECKED.includes(name)) {
            const pinned = `-modfile=${repoPath("toolchain", "go", "staticcheck", "go.mod")}`;
            const command = ["go", "tool", pinned, "staticcheck", "./..."];
            suites.push({ ...common, name: `staticcheck-${name}`, kind: "one", command });
        }
        suites.push({
            ...common,
            name: `go-${name}`,
            kind: "go",
            command: ["go", "test", ...(own ? [] : ["-vet=off"]), "-json", ...packages],
        });
    }
    return suites;
}

/** The tests that make labs. They take long, one after another. */
export async function e2eSuites(): Promise<Suite[]> {
    const folder = repoPath("test", "e2e");
    const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".test.ts")).sort();
    return files.map((file) => ({
        ...mocha(`e2e-${file.replace(".test.ts", "")}`, folder, true, 80 * MINUTE),
        command: [...MOCHA_COMMAND, join("test", "e2e", file)],
    }));
}
