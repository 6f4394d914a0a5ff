import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import { expect } from "chai";
import { JSDOM } from "jsdom";
import type { RecordLine } from "../../cli/record/lines";
import { report, type ReportOptions } from "../../cli/report";
import { inPage } from "../../cli/report/page/drawing";
import { markdownOf } from "../../cli/report/page/markdown";
import { html } from "../../cli/report/page/markup";
import { reportOf, reportSchema, type Side } from "../../cli/report/report";
import { HEADER, LINES, RESULT, sample } from "./record-samples";

const text = (lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join("");

/** Lines of a run that took so many times as much CPU. */
const dearer = (times: number): RecordLine[] =>
    LINES.map((line) =>
        line.line === "result" && RESULT.machine !== null
            ? { ...line, machine: { ...RESULT.machine, cpuSeconds: RESULT.machine.cpuSeconds * times } }
            : line,
    );

describe("npm run report", function () {
    // axe-core in jsdom takes some 10 CPU-seconds for a page.
    this.timeout(240_000);
    let folder: string;
    let printed: string;
    const write = process.stdout.write.bind(process.stdout);
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "metal3-scale-lab-report-"));
        writeFileSync(join(folder, "one.jsonl"), text([HEADER, ...LINES]));
        writeFileSync(join(folder, "dear.jsonl"), text([HEADER, ...dearer(2)]));
        writeFileSync(join(folder, "limits.yaml"), "- failed = 0\n- cpu.host < 7\n");
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    const file = (name: string): string => join(folder, name);
    const read = (name: string): string => readFileSync(file(name), "utf8");
    const run = async (record: string | undefined, options: ReportOptions = {}): Promise<number> => {
        printed = "";
        process.stdout.write = (chunk: string | Uint8Array) => ((printed += chunk.toString()), true);
        try {
            return await report(record, { out: folder, ...options });
        } finally {
            process.stdout.write = write;
        }
    };
    const problem = (record: string | undefined, options: ReportOptions = {}): Promise<string> =>
        run(record, options).then(
            () => "none",
            (error: Error) => error.message,
        );

    /** What axe-core finds wrong with a page. Contrast needs a browser's layout; the page's own colours have it. */
    async function violations(page: string): Promise<string[]> {
        const { window } = new JSDOM(page, { runScripts: "outside-only", pretendToBeVisual: true });
        window.eval(axe.source);
        const found = await (window as unknown as { axe: typeof axe }).axe.run(window.document, {
            rules: { "color-contrast": { enabled: false } },
        });
        return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html: where }) => where).join(", ")}`);
    }

    it("writes a page without scripts and without a violation of axe-core's rules", async () => {
        expect(await run(file("one.jsonl"), { thresholds: file("limits.yaml") })).to.equal(0);
        const page = read("report.html");
        expect(page).to.not.match(/<script|\son\w+=|javascript:|https?:\/\/(?!www\.w3\.org\/)/i);
        const { document } = new JSDOM(page).window;
        expect(document.querySelectorAll("figure")).to.have.length(8);
        expect(document.querySelectorAll("figure [role=img] svg")).to.have.length(8);
        expect(document.querySelectorAll("figure details table")).to.have.length(8);
        for (const image of document.querySelectorAll("[role=img]")) {
            const ids = (image.getAttribute("aria-labelledby") ?? "").split(" ");
            expect(ids.map((id) => document.getElementById(id)?.textContent ?? "").join(" ")).to.match(/\w+ .*\./);
        }
        expect(page).to.include("prefers-color-scheme: dark").and.to.include("@media print");
        expect(await violations(page)).to.deep.equal([]);
    });

    it("has each colour of its drawings from the page, and no id twice", async () => {
        await run(file("one.jsonl"));
        const { document } = new JSDOM(read("report.html")).window;
        const colours = [...document.querySelectorAll("svg [fill], svg [stroke]")].flatMap((each) => [
            each.getAttribute("fill"),
            each.getAttribute("stroke"),
        ]);
        expect(
            new Set(colours.filter((each) => each !== null && !/^(var\(--\w+\)|none|transparent)$/.test(each))),
        ).to.deep.equal(new Set());
        const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
        expect(ids.filter((id, index) => ids.indexOf(id) !== index)).to.deep.equal([]);
    });

    it("writes the same for programs, as its schema says, and the verdicts of limits", async () => {
        const options = { thresholds: file("limits.yaml"), junit: file("limits.xml") };
        expect(await run(file("one.jsonl"), options)).to.equal(0);
        const made = reportSchema.parse(JSON.parse(read("report.json")));
        expect(made.runs[0]?.limits.map(({ verdict }) => verdict)).to.deep.equal(["PASS", "PASS"]);
        expect(printed).to.include("  PASS cpu.host < 7 (6.50 CPU-s)\n");
        expect(read("limits.xml")).to.include('tests="2" failures="0"');
    });

    it("ends with 1 where a limit does not hold", async () => {
        expect(await run(file("dear.jsonl"), { thresholds: file("limits.yaml") })).to.equal(1);
        expect(printed).to.include("FAIL cpu.host < 7 (13 CPU-s)");
        expect(read("report.md")).to.include("| cpu.host < 7 | 13 CPU-s | FAIL |");
        expect(JSON.parse(read("note.json"))).to.deep.include({ body: read("report.md"), open: true });
    });

    it("compares two runs in the same plots", async () => {
        expect(await run(undefined, { compare: [file("one.jsonl"), file("dear.jsonl")] })).to.equal(0);
        const made = reportSchema.parse(JSON.parse(read("report.json")));
        expect(made.deltas.find(({ name }) => name === "cpu.host")).to.deep.include({
            ...{ a: 6.5, b: 13, change: 1, noise: 0.05, says: "worse, significant" },
        });
        expect(read("report.md")).to.include("Fewer than 3 runs of a side: differences under 5 % mean nothing.");
        expect(await violations(read("report.html"))).to.deep.equal([]);
    });

    it("draws the record of a run that was killed", async () => {
        writeFileSync(file("killed.jsonl"), text([HEADER, ...LINES.slice(0, 8)]));
        await run(file("killed.jsonl"));
        expect(printed).to.include("the run did not come to its end (not ended: the record breaks off)");
        expect(await violations(read("report.html"))).to.deep.equal([]);
    });

    it("refuses to report on nothing, on two things at once, and on what is not there", async () => {
        expect(await problem(undefined)).to.include("name one record, or two with --compare A B");
        expect(await problem(file("one.jsonl"), { compare: ["a", "b"] })).to.include("name one record");
        expect(await problem(undefined, { compare: ["a"] })).to.include("--compare: a: must be two");
        expect(await problem(file("none.jsonl"))).to.include("none.jsonl: cannot be read");
    });
});

describe("The summary of a report", () => {
    const sides = (count: number): Side[] => [
        { label: "A", records: Array.from({ length: count }, () => sample()) },
        { label: "B", records: Array.from({ length: count }, (_, index) => sample(dearer(2 + index / 100))) },
    ];

    it("has at most 60 lines, whatever there is to tell", () => {
        const limits = Array.from({ length: 40 }, () => ({
            ...{ text: "cpu.host < 1", figure: "cpu.host", stat: undefined, unit: "CPU-s" as const },
            ...{ relation: "<" as const, value: 1 },
        }));
        const manyChanges = LINES.map((line): RecordLine =>
            line.line === "objects"
                ? {
                      ...line,
                      objects: line.objects.map(({ name, events }) => ({
                          name,
                          events: Object.fromEntries(Object.entries(events).map(([event, at]) => [event, at * 3])),
                      })),
                  }
                : line,
        );
        const all: Side[][] = [
            [{ label: "", records: [sample()] }],
            [{ label: "", records: [sample([])] }],
            sides(3),
            [
                { label: "A", records: [sample()] },
                { label: "B", records: [sample(manyChanges)] },
            ],
        ];
        for (const each of all) {
            expect(markdownOf(reportOf(each, limits).report).trimEnd().split("\n").length).to.be.at.most(60);
        }
    });

    it("measures the noise of a comparison from three runs of each side", () => {
        const { report: made } = reportOf(sides(3), []);
        expect(markdownOf(made)).to.include("Noise is measured from 3 runs of A and 3 of B");
        const cpu = made.deltas.find(({ name }) => name === "cpu.host");
        expect(cpu?.noise).to.be.within(0.001, 0.05);
        expect(cpu?.says).to.equal("worse, significant");
    });
});

describe("The markup of a report", () => {
    it("takes what is put into it for text, unless it is markup", () => {
        expect(html`<b>${"<i> & 'x'"}</b>${[html`<i>1</i>`, html`<i>2</i>`]}`.text).to.equal(
            "<b>&lt;i&gt; &amp; &#39;x&#39;</b><i>1</i><i>2</i>",
        );
    });

    it("gives drawings the page's colours and ids of their own", () => {
        const svg =
            '<svg class="marks" width="10" height="5" viewBox="0 0 10 5"><clipPath id="clip0"/>' +
            '<g clip-path="url(#clip0)" fill="#0072b2" width="3"/></svg>';
        expect(inPage(svg, "a")).to.equal(
            '<svg aria-hidden="true" focusable="false" style="max-width:14px" viewBox="0 0 10 5">' +
                '<clipPath id="plot-a-clip0"/>' +
                '<g clip-path="url(#plot-a-clip0)" fill="var(--s1)" width="3"/></svg>',
        );
    });
});
