import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";

/** CLASS.TEST of each test in a Python file, with the sentence in its docstring. */
function testsIn(file: string): Map<string, string> {
    const source = readFileSync(file, "utf8");
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

/**
 * A test for each of a Python file, under the sentence of its docstring.
 * @param run runs the module and returns what test/charts/python/run.py prints
 */
export function pythonTests(file: string, run: (module: string) => unknown): void {
    const module = path.basename(file, ".py");
    describe(module.replace("test_", ""), () => {
        let outcomes: Record<string, string | null> = {};
        before(() => {
            outcomes = run(module) as Record<string, string | null>;
        });

        for (const [name, sentence] of testsIn(file)) {
            it(sentence, () => {
                expect(Object.keys(outcomes)).to.include(name);
                expect(outcomes[name], outcomes[name] ?? "").to.equal(null);
            });
        }
    });
}
