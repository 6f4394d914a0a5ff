import { expect } from "chai";
import { ESLint } from "eslint";
import { repoPath } from "../../toolchain/paths";
import { expectNone } from "./complaints";

describe("ESLint", function () {
    this.timeout(600_000);
    const eslint = new ESLint({ cwd: repoPath() });
    const problems = (results: ESLint.LintResult[]): string[] =>
        results.flatMap(({ filePath, messages }) =>
            messages.map(({ line, ruleId, message }) => `${filePath}:${line} ${ruleId ?? ""} ${message}`),
        );

    it("finds nothing to complain of in our files", async () => expectNone(problems(await eslint.lintFiles(["."]))));

    /** Each sample stands in the place of a file that there is: only those have types. */
    const SAMPLES: [rule: string, path: string, text: string][] = [
        ["import-x/no-restricted-paths", "plan/plan.ts", 'import "../lib/error-text";\n'],
        ["import-x/no-restricted-paths", "components/lab.ts", 'import type { Go } from "../toolchain/go/go";\n'],
        ["import-x/no-restricted-paths", "components/lab.ts", 'import "../prepare/prepare";\n'],
        ["import-x/no-restricted-paths", "tasks/pki.ts", 'import "../components/lab";\n'],
        ["import-x/no-restricted-paths", "index.ts", 'import "./cli/session";\n'],
        ["import-x/no-restricted-paths", "cli/session.ts", 'import "../test/lab-image";\n'],
        ["import-x/no-restricted-paths", "services/fake-ipa/main.ts", 'import "../../lib/error-text";\n'],
        ["import-x/no-cycle", "cli/session.ts", 'import { test } from "./test";\nexport const again = test;\n'],
        [
            "import-x/order",
            "lib/error-text.ts",
            'import "zod";\nimport { a } from "./a";\nimport { join } from "node:path";\njoin(a);\n',
        ],
        ["no-restricted-imports", "lib/error-text.ts", 'import "fs";\n'],
        ["curly", "lib/error-text.ts", "if (process.argv[0]) console.log();\n"],
        ["@typescript-eslint/no-floating-promises", "lib/error-text.ts", "Promise.resolve();\n"],
        ["no-restricted-syntax", "test/unit/plan.test.ts", "it.only(() => undefined);\n"],
        ["@typescript-eslint/no-unsafe-assignment", "lib/error-text.ts", 'export const a = JSON.parse("1");\n'],
    ];
    for (const [rule, path, text] of SAMPLES) {
        it(`would refuse a breach of ${rule} in ${path}: ${text.split("\n")[0]}`, async () => {
            const [result] = await eslint.lintText(text, { filePath: repoPath(path) });
            expect(result?.messages.map(({ ruleId }) => ruleId)).to.include(rule);
        });
    }
});
