import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect } from "chai";
import { parseConfigFileTextToJson } from "typescript";
import { repoPath } from "../../toolchain/paths";
import { repositoryFiles } from "../markdown";

interface Service {
    compile(code: string, fileName: string): string;
}

/** The part of ts-node's interface that Pulumi uses. The package inside Pulumi's has no types. */
interface TsNode {
    register(options: Record<string, unknown>): Service;
}

const pulumi = createRequire(repoPath("node_modules", "@pulumi", "pulumi", "cmd", "run", "run.js"));

/** The options of tsconfig.json, as Pulumi reads it before it calls ts-node. */
const settings = (): Record<string, unknown> => {
    const { config } = parseConfigFileTextToJson("tsconfig.json", readFileSync(repoPath("tsconfig.json"), "utf8")) as {
        config: { compilerOptions: Record<string, unknown> };
    };
    return config.compilerOptions;
};

/**
 * The compiler of a Pulumi run, with the options of Pulumi's cmd/run/run.js. It complains of options of which neither
 * `tsc` nor the tests' own loader does, because ts-node turns `noEmit` off.
 */
function pulumiCompiler(compilerOptions: Record<string, unknown>): Service {
    const { extensions } = createRequire(__filename);
    const before = { ...extensions };
    try {
        return (pulumi("../../vendor/ts-node@7.0.1/index.js") as TsNode).register({
            compiler: pulumi.resolve("typescript"),
            transpileOnly: compilerOptions["noCheck"],
            project: repoPath("tsconfig.json"),
            skipProject: false,
            compilerOptions: { ...compilerOptions, sourceMap: "true" },
        });
    } finally {
        // It hooks itself in for all modules that are loaded from now on.
        for (const name of Object.keys(extensions)) {
            extensions[name] = before[name];
        }
    }
}

describe("The program in a run of Pulumi", () => {
    for (const file of ["index.ts", "components/lab.ts", "plan/plan.ts"]) {
        it(`is compiled: ${file}`, () => {
            const code = readFileSync(repoPath(file), "utf8");
            expect(pulumiCompiler(settings()).compile(code, repoPath(file))).to.include('"use strict"');
        });
    }

    it("has no JSON file beside a TypeScript file of the same name, which Node would take in its place", () => {
        const files = new Set(repositoryFiles());
        const twins = [...files].filter((file) => file.endsWith(".json") && files.has(file.replace(/json$/, "ts")));
        expect(twins).to.deep.equal([]);
    });

    it("would not be compiled without `rootDir` in tsconfig.json", () => {
        const options = { ...settings(), rootDir: undefined };
        const code = readFileSync(repoPath("plan", "plan.ts"), "utf8");
        expect(() => pulumiCompiler(options).compile(code, repoPath("plan", "plan.ts"))).to.throw("rootDir");
    });
});
