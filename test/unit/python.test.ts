import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PositionEncoding, Workspace, type Diagnostic } from "@astral-sh/ruff-wasm-nodejs";
import { expect } from "chai";
import { repoPath } from "../../toolchain/paths";

/** What is certainly a mistake: syntax, names that are not there or not used, known traps, exceptions of all kinds swallowed, and `noqa` for nothing. */
const RULES = ["E4", "E7", "E9", "F", "B", "BLE", "PLE", "RUF100"];

describe("the lab's Python", () => {
    const workspace = new Workspace({ "target-version": "py311", lint: { select: RULES } }, PositionEncoding.Utf16);
    const problems = (text: string) =>
        (workspace.check(text) as Diagnostic[]).map(
            ({ code, message, start_location: { row } }) => `${row}: ${code ?? "syntax"} ${message}`,
        );
    const files = ["charts", "services", "toolchain"]
        .flatMap((folder) =>
            readdirSync(repoPath(folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
        )
        .filter((path) => path.endsWith(".py"));

    it("is found", () => expect(files).to.include("charts/ironic/files/conductor.py"));

    it("would be refused with a mistake in it", () =>
        expect(problems("import os\nprint(nothing)\n")).to.have.members([
            "1: F401 `os` imported but unused",
            "2: F821 Undefined name `nothing`",
        ]));

    for (const file of files) {
        it(`has no mistake that a linter finds: ${file}`, () =>
            expect(problems(readFileSync(repoPath(file), "utf8"))).to.deep.equal([]));
    }
});
