import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { between, quantile, together } from "../../cli/record/histogram";
import { parseRecord } from "../../cli/record/record";
import { RecordWriter } from "../../cli/record/writer";
import { HEADER, LINES, sample } from "./record-samples";

const text = (lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join("");

describe("The record of a run", () => {
    let folder: string;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "metal3-scale-lab-record-"));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    const written = (): string => {
        const writer = new RecordWriter(join(folder, "deep", "run.jsonl"), HEADER);
        LINES.forEach((line) => writer.write(line));
        return readFileSync(writer.file, "utf8");
    };

    it("is read as it was written", () => {
        expect(parseRecord(written(), "run.jsonl")).to.deep.equal(sample());
    });

    it("is there, line for line, before the run ends", () => {
        const all = written();
        for (let lines = 1; lines <= LINES.length; lines++) {
            const killed = all.split("\n").slice(0, lines).join("\n") + "\n";
            expect(parseRecord(killed, "run.jsonl")).to.deep.equal(sample(LINES.slice(0, lines - 1)));
        }
    });

    it("of a killed run loses only the line that was being written", () => {
        const cut = text([HEADER, ...LINES]).slice(0, -40);
        const read = parseRecord(cut, "run.jsonl");
        expect(read.end).to.equal(undefined);
        expect(read.result).to.deep.equal(sample().result);
    });

    it("gives moments as seconds from its beginning", () => {
        const writer = new RecordWriter(join(folder, "run.jsonl"), HEADER);
        expect(writer.secondsAt(Date.parse(HEADER.began) + 1500)).to.equal(1.5);
    });

    it("with kinds of lines of a later version is read without them", () => {
        expect(parseRecord(text([HEADER, { line: "weather", t: 1 }, ...LINES]), "run.jsonl")).to.deep.equal(sample());
    });

    const refused = (lines: string, ...words: string[]): void => {
        expect(() => parseRecord(lines, "run.jsonl"))
            .to.throw()
            .with.property("message")
            .that.includes(words.join(""));
    };

    it("is refused with line, key, value and rule where it is none", () => {
        refused("nothing\n", "run.jsonl:1: nothing: must be JSON");
        refused(text([{ ...HEADER, schema: 2 }]), "run.jsonl:1: schema: 2: must be 1");
        refused(text(LINES), 'run.jsonl:1: line: first-host: must be "header"');
        refused(text([HEADER, { line: "first-host", t: "soon" }]), "run.jsonl:2: t: ");
        const histogram = { bounds: [1], counts: [1] };
        const metrics = { line: "metrics", t: 1, apiserver: { latency: { GET: histogram }, codes: {} } };
        refused(text([HEADER, { ...metrics, etcd: null, controllers: {} }]), "counts must have one number more");
    });
});

describe("A histogram", () => {
    const earlier = { bounds: [1, 2], counts: [1, 2, 2] };
    const later = { bounds: [1, 2], counts: [3, 6, 7] };

    it("of the time between two looks is their difference", () => {
        expect(between(earlier, later)).to.deep.equal({ bounds: [1, 2], counts: [2, 4, 5] });
        expect(between(undefined, later)).to.equal(later);
    });

    it("counts in full after a restart, and with other bounds", () => {
        expect(between(later, earlier)).to.equal(earlier);
        expect(between({ bounds: [5], counts: [0, 0] }, later)).to.equal(later);
    });

    it("adds up with those of the same bounds", () => {
        expect(together([earlier, later])).to.deep.equal({ bounds: [1, 2], counts: [4, 8, 9] });
        expect(together([earlier, { bounds: [9], counts: [5, 5] }])).to.deep.equal(earlier);
        expect(together([])).to.equal(undefined);
    });

    it("estimates quantiles as Prometheus does", () => {
        expect(quantile({ bounds: [1, 2], counts: [5, 10, 10] }, 0.5)).to.equal(1);
        expect(quantile({ bounds: [1, 2], counts: [5, 10, 10] }, 0.75)).to.equal(1.5);
        expect(quantile({ bounds: [1, 2], counts: [0, 0, 10] }, 0.5)).to.equal(2);
        expect(quantile({ bounds: [1, 2], counts: [0, 0, 0] }, 0.5)).to.equal(null);
    });
});
