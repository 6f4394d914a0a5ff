import { expect } from "chai";
import { expectNone } from "./complaints";
import { formatPython, pythonProblems } from "./python";
import { pythonFiles } from "./tree";

describe("Ruff", () => {
    it("finds the Python files of the chart and of the images", () =>
        expect(pythonFiles.map(({ path }) => path)).to.include("charts/ironic/files/conductor.py"));

    it("would refuse a mistake and a wrong format", () => {
        const sample = "import os\nprint(nothing)\nx = ( 1 )\n";
        expect(pythonProblems(sample)).to.have.members([
            "1: F401 `os` imported but unused",
            "2: F821 Undefined name `nothing`",
        ]);
        expect(formatPython(sample)).to.contain("x = 1\n");
    });

    for (const { path, text } of pythonFiles) {
        it(`finds no mistake in ${path}, and would not format it differently`, () => {
            expectNone(pythonProblems(text));
            expect(formatPython(text)).to.equal(text);
        });
    }
});
