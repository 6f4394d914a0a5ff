import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PositionEncoding, Workspace, type Diagnostic } from "@astral-sh/ruff-wasm-nodejs";
import { expect } from "chai";
import { repoPath } from "../../toolchain/paths";

/**
 * Rules for certain mistakes: syntax, unknown and unused names, known traps, handlers that swallow every exception, and
 * a `noqa` without effect.
 */
const RULES = ["E4", "E7", "E9", "F", "B", "BLE", "PLE", "RUF100"];

describe("Python files", () => {
    const workspace = new Workspace(
        { "target-version": "py311", "line-length": 120, lint: { select: RULES } },
        PositionEncoding.Utf16,
    );
    const problems = (text: string) =>
        (workspace.check(text) as Diagnostic[]).map(
            ({ code, message, start_location: { row } }) => `${row}: ${code ?? "syntax"} ${message}`,
        );
    const files = ["charts", "services", "toolchain", "test"]
        .flatMap((folder) =>
            readdirSync(repoPath(folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
        )
        .filter((path) => path.endsWith(".py"));

    it("The linter gets the chart's files", () => expect(files).to.include("charts/ironic/files/conductor.py"));

    it("The linter finds mistakes", () =>
        expect(problems("import os\nprint(nothing)\n")).to.have.members([
            "1: F401 `os` imported but unused",
            "2: F821 Undefined name `nothing`",
        ]));

    it("The formatter changes what is not in its style", () =>
        expect(workspace.format("x = { 'a':1 }\n")).to.equal('x = {"a": 1}\n'));

    for (const file of files) {
        it(`The formatter changes nothing in ${file}`, () => {
            const text = readFileSync(repoPath(file), "utf8");
            expect(workspace.format(text)).to.equal(text);
        });

        it(`The linter finds no mistake in ${file}`, () =>
            expect(problems(readFileSync(repoPath(file), "utf8"))).to.deep.equal([]));
    }
});
