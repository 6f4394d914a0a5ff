import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { imageForTests, python } from "../lab-image";
import { CHART } from "./helm";

const TESTS = path.resolve(__dirname, "python");

/** CLASS.TEST of each test in a Python file, with the sentence in its docstring. */
function testsIn(file: string): Map<string, string> {
    const source = readFileSync(path.join(TESTS, file), "utf8");
    const tests: [string, string][] = source.split(/^class /m).flatMap((text) => {
        const owner = /^\w+/.exec(text)?.[0] ?? "";
        const methods = [...text.matchAll(/^ {4}def (test_\w+)\(self\):\n {8}"""(.+?)"""/gm)];
        return methods.map(([, name, sentence]): [string, string] => [`${owner}.${name}`, sentence as string]);
    });
    const count = source.match(/^ +def test_/gm)?.length ?? 0;
    if (tests.length !== count) {
        throw new Error(`${file}: ${count - tests.length} tests have no sentence as their docstring`);
    }
    return new Map(tests);
}

// Each file runs in a container of its own: the modules under test patch Ironic's.
describe("charts/ironic: the Python modules, in the image of Ironic", function () {
    this.timeout(60_000);
    const image = imageForTests("ironic");

    for (const file of readdirSync(TESTS).filter((name) => /^test_.*\.py$/.test(name))) {
        const module = path.basename(file, ".py");
        describe(module.replace("test_", ""), () => {
            let outcomes: Record<string, string | null> = {};
            before(() => {
                const volumes = ["-v", `${path.join(CHART, "files")}:/scripts:ro`, "-v", `${TESTS}:/tests:ro`];
                const variables = ["-e", "PYTHONPATH=/scripts:/tests", "-e", "PYTHONDONTWRITEBYTECODE=1"];
                outcomes = python(image(), `import run\nrun.main("${module}")`, [...volumes, ...variables]) as Record<
                    string,
                    string | null
                >;
            });

            for (const [name, sentence] of testsIn(file)) {
                it(sentence, () => {
                    expect(Object.keys(outcomes)).to.include(name);
                    expect(outcomes[name], outcomes[name] ?? "").to.equal(null);
                });
            }
        });
    }
});
