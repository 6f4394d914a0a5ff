import { expect } from "chai";
import { repoPath } from "../../toolchain/paths";
import { goFiles, workflowFiles } from "./tree";

/** A program that checks files. It says something only about those that are not as they should be. */
interface Tool {
    name: string;
    command: readonly [string, ...string[]];
    /** Arguments with which the tool checks all our files. */
    tree: string[];
    /** Arguments with which it checks its standard input. */
    stdin: string[];
    /** The stream on which it names what is wrong. */
    complaints: "stdout" | "stderr";
    /** A text that it must refuse, and a part of what it then says. */
    sample: [text: string, complaint: string];
}

const node = (path: string): [string, string] => [process.execPath, repoPath("node_modules", path)];

const TOOLS: Tool[] = [
    {
        name: "Prettier",
        command: node("prettier/bin/prettier.cjs"),
        tree: ["--list-different", "."],
        stdin: ["--list-different", "--stdin-filepath", "plan/sample.ts"],
        complaints: "stdout",
        sample: ["export const a=1\n", "stdin"],
    },
    {
        name: "markdownlint",
        command: node("markdownlint-cli2/markdownlint-cli2-bin.mjs"),
        tree: ["**/*.md"],
        stdin: ["-"],
        complaints: "stderr",
        sample: [`# Title\n\n${"word ".repeat(30)}end\n`, "MD013/line-length"],
    },
    {
        name: "gofmt",
        command: ["gofmt", "-l"],
        tree: goFiles.map(({ path }) => path),
        stdin: [],
        complaints: "stdout",
        sample: ["package sample\nvar a   = 1\n", "<standard input>"],
    },
    {
        name: "actionlint",
        // Neither program that it would call is everywhere: our steps are single commands.
        command: ["actionlint", "-no-color", "-oneline", "-shellcheck=", "-pyflakes="],
        tree: workflowFiles.map(({ path }) => path),
        stdin: ["-"],
        complaints: "stdout",
        sample: ["on: push\njobs:\n  one:\n    runs-on: ubuntu-24.4\n    steps: [{ run: a }]\n", "[runner-label]"],
    },
];

async function run({ command, complaints }: Tool, args: string[], input = "") {
    const { execa } = await import("execa");
    const [program, ...first] = command;
    const result = await execa(program, [...first, ...args], { cwd: repoPath(), input, reject: false });
    return { exitCode: result.exitCode, said: result[complaints] };
}

for (const tool of TOOLS) {
    describe(tool.name, function () {
        this.timeout(180_000);

        it("finds nothing to complain of in our files", async () => {
            const { exitCode, said } = await run(tool, tool.tree);
            expect(said).to.equal("");
            expect(exitCode).to.equal(0);
        });

        it("would refuse a wrong file", async () => {
            const [text, complaint] = tool.sample;
            expect((await run(tool, tool.stdin, text)).said).to.contain(complaint);
        });
    });
}
