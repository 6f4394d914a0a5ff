import { readFileSync } from "node:fs";
import { expect } from "chai";
import { keys } from "../../plan/config/keys";
import { SETTINGS } from "../../plan/profiles";
import { repoPath } from "../../toolchain/paths";
import {
    anchors,
    brokenLinks,
    linkTargets,
    missingPaths,
    namedCommands,
    repositoryFiles,
    unreachable,
} from "../markdown";

const files = repositoryFiles();
const markdownFiles = files.filter((file) => file.endsWith(".md"));
const text = (file: string): string => readFileSync(repoPath(file), "utf8");
const lines = (file: string): number => text(file).trimEnd().split("\n").length;

/** Files that the documents name and that are not in the repository: upstream's, and what a command writes. */
const ELSEWHERE = new Set([
    ".lab/figures/bench.json",
    ".lab/figures/capacity.json",
    ".lab/figures/predictions.jsonl",
    "plugin-downloads.json",
    "bundle.json",
    "report.json",
    "note.json",
    "daemon.json",
    "controlplane/kubeadm/internal/controllers/helpers.go",
    "customresource_handler.go",
    "hostfirmwaresettings_controller.go",
]);

describe("The documents", () => {
    it("are found: the README, the contributor's guide and several below docs", () => {
        expect(markdownFiles).to.include.members(["README.md", "CONTRIBUTING.md", "docs/architecture.md"]);
        expect(linkTargets(text("README.md"))).to.include("docs/deviations.md");
    });

    it("link only to files and headings that exist, in every Markdown file of the repository", () => {
        expect(markdownFiles.flatMap((file) => brokenLinks(file, text(file)))).to.deep.equal([]);
    });

    it("name only files and folders that exist", () => {
        expect(markdownFiles.flatMap((file) => missingPaths(file, text(file), files, ELSEWHERE))).to.deep.equal([]);
    });

    it("name only scripts of package.json, and only keys of the configuration", () => {
        const { scripts } = JSON.parse(text("package.json")) as { scripts: Record<string, string> };
        for (const file of markdownFiles) {
            const named = namedCommands(text(file));
            expect(Object.keys(scripts), file).to.include.members(named.scripts);
            // The contributor's guide adds a key of its own as an example.
            const known = [...Object.keys(keys), ...(file === "CONTRIBUTING.md" ? ["eventMinutes"] : [])];
            expect(known, file).to.include.members(named.keys);
        }
    });

    it("below docs can all be reached from the README", () => {
        expect(unreachable(files)).to.deep.equal([]);
    });

    it("keep their length: the README 150 lines, the page about performance 120", () => {
        expect(lines("README.md")).to.be.at.most(150);
        expect(lines("docs/performance.md")).to.be.at.most(120);
    });
});

describe("The list of deviations", () => {
    const table = [...text("docs/deviations.md").matchAll(/^\| `([a-z0-9-]+)` +\|.*$/gm)];
    const rows = table.map((match) => match[1] as string);

    it("gives each row an id of its own", () => {
        expect(rows).to.have.length.above(35);
        expect(rows.filter((id, index) => rows.indexOf(id) !== index)).to.deep.equal([]);
    });

    it("says that `published` switches off exactly the rows that the settings of the profiles name", () => {
        const named = [...new Set(Object.values(SETTINGS).flatMap(({ deviations }) => deviations))];
        // Patches at Ironic's start go together; their section says so.
        const switchedOff = table.filter(([row]) => /`(published|tunedRuntime)`/.test(row)).map((match) => match[1]);
        expect(switchedOff).to.have.members(named);
    });
});

describe("The check of documents", () => {
    const broken = (markdown: string): string[] => brokenLinks("docs/example.md", markdown);
    const missing = (markdown: string): string[] => missingPaths("docs/example.md", markdown, files, ELSEWHERE);

    it("reports a link to a file that does not exist", () => {
        expect(broken("See [this](nowhere.md).")).to.deep.equal([
            "docs/example.md: the link to nowhere.md leads to no file",
        ]);
        expect(broken("![picture](../docs/none.svg)")).to.have.length(1);
        expect(broken("[beyond](../../README.md)")).to.have.length(1);
        expect(broken("[there](../README.md), [elsewhere](https://example.org/nowhere.md)")).to.deep.equal([]);
    });

    it("reports a link to a heading that does not exist", () => {
        expect(broken("# One\n\n[two](#two)")).to.deep.equal(["docs/example.md: the link to #two leads to no heading"]);
        expect(broken("# One & two\n\n[both](#one--two)")).to.deep.equal([]);
        expect(broken("[glossary](architecture.md#glossary), [none](architecture.md#no-such-thing)")).to.have.length(1);
    });

    it("numbers the anchors of headings that repeat", () => {
        expect([...anchors("# A\n## `b.ts`: c\n# A\n")]).to.deep.equal(["a", "bts-c", "a-1"]);
    });

    it("takes no links from code", () => {
        expect(linkTargets("`[a](b)`\n\n```text\n[c](d)\n```\n\n[e](f)")).to.deep.equal(["f"]);
    });

    it("reports a path that does not exist, by its extension or by its folder", () => {
        expect(missing("`plan/plans.ts`, `component/lab.ts`, `lab-that-is-not.ts`")).to.have.length(3);
        expect(missing("`components/nothing-here`")).to.deep.equal([
            "docs/example.md: there is no `components/nothing-here`",
        ]);
        expect(
            missing("`plan/plan.ts`, `index.ts`, `components/`, `lab.svg`, `cluster.x-k8s.io/paused`"),
        ).to.deep.equal([]);
        expect(missing("```text\nindex.ts     all\nnowhere/     nothing\n```")).to.deep.equal([
            "docs/example.md: there is no `nowhere/`",
        ]);
    });

    it("finds the scripts and keys that a text names", () => {
        expect(namedCommands("`npm run test:e2e`, `npm run -s env`, `pulumi config set nodes 8`")).to.deep.equal({
            scripts: ["test:e2e", "env"],
            keys: ["nodes"],
        });
    });
});
