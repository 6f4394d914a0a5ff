import { expect } from "chai";
import { expectNone } from "./complaints";
import { sourceFiles } from "./tree";

const MOST_LINES = 250;
const MOST_COLUMNS = 120;

/** Files that are exempt, each kind with its reason. */
const EXEMPT = [
    // Pulumi's generator writes it.
    /^sdks\//,
    // A package manager writes them, or they follow the conventions of JSON schemas and licences.
    /(^|\/)(package(-lock)?\.json|go\.(mod|sum)|requirements\.txt|.*\.schema\.json|LICENSE)$/,
    // They are objects of a real cluster, as kube-apiserver gave them.
    /^test\/unit\/samples\/.*\.json$/,
    // `npm run docs` prints them, in the form that Grafana imports.
    /^metrics\/dashboards\/.*\.json$/,
    // They are drawings and data.
    /\.(svg|png|csv)$|^docs\/measurements\//,
    // Any change of them makes another node image, and with it another container of the node in every living lab.
    /^toolchain\/images\/node\//,
    // Any change of them compiles all of Kubernetes again, which takes minutes.
    /^toolchain\/go\/kubernetes\//,
];

/**
 * Complaints about a text's number of lines and about its wide lines. markdownlint measures Markdown, since it knows
 * what is a table.
 */
function tooLong(path: string, text: string): string[] {
    if (EXEMPT.some((exempt) => exempt.test(path)) || path.endsWith(".md")) {
        return [];
    }
    const lines = text.replace(/\n$/, "").split("\n");
    const wide = lines.flatMap((line, index) => {
        // An address cannot be broken.
        const columns = [...line.replace(/https?:\/\/\S+/g, "")].length;
        return columns > MOST_COLUMNS ? [`${path}:${index + 1} has ${columns} columns`] : [];
    });
    return lines.length > MOST_LINES ? [`${path} has ${lines.length} lines`, ...wide] : wide;
}

describe("The length of files and lines", () => {
    it(`stays within ${MOST_LINES} lines and ${MOST_COLUMNS} columns`, () =>
        expectNone(sourceFiles.flatMap(({ path, text }) => tooLong(path, text))));

    it("would be refused beyond that", () => {
        expect(tooLong("plan/sample.ts", "x\n".repeat(MOST_LINES))).to.deep.equal([]);
        expect(tooLong("plan/sample.ts", "x\n".repeat(MOST_LINES + 1))).to.deep.equal(["plan/sample.ts has 251 lines"]);
        expect(tooLong("plan/sample.ts", "x".repeat(MOST_COLUMNS))).to.deep.equal([]);
        expect(tooLong("plan/sample.ts", `a\n${"x".repeat(MOST_COLUMNS + 1)}\n`)).to.deep.equal([
            "plan/sample.ts:2 has 121 columns",
        ]);
        expect(tooLong("plan/sample.ts", `// See https://example.com/${"x".repeat(200)}`)).to.deep.equal([]);
    });
});
