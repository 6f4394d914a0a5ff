import { expect } from "chai";
import type { BenchFile } from "../../cli/bench/file";
import { report } from "../../cli/bench/report/report";
import { sizingMarkdown } from "../../cli/bench/report/sizing";
import type { SizingRow, SizingRun } from "../../cli/bench/sizing/row";
import { row } from "./bench-sizing-points";

const run = (...rows: SizingRow[]): SizingRun => ({
    settings: { provisioningCidr: "10.0.0.0/24" },
    commit: "abc",
    rows,
});
const text = (sizing: SizingRun): string =>
    report({ machine: { cpus: 2, model: "m", memoryBytes: 1 }, runs: [], resizes: [], sizing } satisfies BenchFile);
/** The cells of each line of a table that begins with a number of hosts. */
const cells = (output: string, border: string, hosts: number): string[][] =>
    output
        .split("\n")
        .filter((line) => line.startsWith(`${border} ${hosts} `))
        .map((line) =>
            line
                .split(border)
                .slice(1, -1)
                .map((cell) => cell.trim()),
        );

const ENROLMENT = ["100", "2", "120", "30.3", "20", "42", "0.300", "6", "7", "60", "70"];
const AT_REST = ["100", "2", "120", "50", "6.0", "47", "67", "0", "0.250", "0.100", "0.750", "320", "131, 150", "–"];

describe("the report of --sizing", () => {
    it("has a row a point in each of two tables, and says what follows", () => {
        const output = text(run(row()));
        expect(cells(output, "│", 100)).to.deep.equal([ENROLMENT, AT_REST]);
        expect(output).to.contain(
            "power sync every 120 s: the most hosts of a conductor were not reached: at least 50",
        );
        expect(output).to.contain('limit "CPU at rest": a conductor uses less than 0.8 of a core at rest');
    });

    it("has dashes for what was not measured, and names the limits that do not hold", () => {
        const { enrolment, latency, sightings, ...rest } = row({ nodes: 300 });
        expect([enrolment, latency, sightings]).to.not.include(undefined);
        const late = { ...rest, sightings: [{ ...(sightings?.[0] as NonNullable<typeof sightings>[0]), seen: null }] };
        const [first, second] = cells(text(run(late)), "│", 300);
        expect(first?.slice(3)).to.deep.equal(["–", "–", "–", "–", "–", "–", "–", "–"]);
        expect(second?.slice(3, 8)).to.deep.equal(["150", "–", "–", "–", "1"]);
        expect(second?.at(-1)).to.equal("sync lag");
    });

    it("tells of samples and requests that failed, and of hosts that did not become available", () => {
        const full = row();
        const output = text(
            run({
                ...full,
                rest: { ...(full.rest as NonNullable<SizingRow["rest"]>), failedSamples: 2 },
                latency: { samples: [], failures: 3, lastError: "fetch failed" },
                enrolment: { ...(full.enrolment as NonNullable<SizingRow["enrolment"]>), available: 99 },
            }),
        );
        expect(output).to.contain("99 of 100 new hosts became available");
        expect(output).to.contain("2 samples of the usage failed");
        expect(output).to.contain("3 requests to Ironic failed, the last one: fetch failed");
    });

    it("is there as Markdown as well, with the same figures", () => {
        const markdown = sizingMarkdown(run(row()));
        expect(text(run(row()))).to.contain(markdown);
        expect(cells(markdown, "|", 100)).to.deep.equal([ENROLMENT, AT_REST]);
        expect(markdown).to.match(/^Measured on 2026-03-02 with commit abc, `provisioningCidr=10\.0\.0\.0\/24`\.\n/);
        expect(markdown).to.contain("\n- Power sync every 120 s: the most hosts of a conductor were not reached");
        const widths = new Set(
            markdown
                .split("### Power")[1]
                ?.split("\n")
                .filter((line) => line.startsWith("|"))
                .map((line) => line.length),
        );
        expect(widths.size).to.equal(1);
    });

    it("is left out of other benchmarks, and has no other tables in its own", () => {
        const others = report({ machine: { cpus: 2, model: "m", memoryBytes: 1 }, runs: [], resizes: [] });
        expect(others).to.equal("");
        expect(text(run(row()))).to.not.contain("preview");
    });
});
