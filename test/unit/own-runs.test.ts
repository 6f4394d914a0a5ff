import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import type { StateResource } from "../../cli/recovery/state";
import { UpPrediction } from "../../cli/up-prediction";
import { namedMachine, OUTCOMES, ownRuns, predictedMachine, RECORDS } from "../../machine/own-runs/machine";
import { keptOutcomes } from "../../machine/own-runs/outcomes";
import { MACHINE } from "./prediction-samples";
import { HEADER, LINES } from "./record-samples";

describe("The own runs of a checkout", () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "own-runs-"))));
    afterEach(() => rmSync(folder, { recursive: true }));

    const write = (path: string, lines: readonly object[]): void => {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    };
    const record = (name: string, header: object = {}, lines: readonly object[] = LINES): void =>
        write(`${RECORDS}/${name}`, [{ ...HEADER, ...header }, ...lines]);

    it("are those of its records, with size, machine, time and memory", () => {
        record("2026-11-30T100000-20-10.jsonl", { settings: { workerNodes: "1" } });
        expect(ownRuns(folder)).to.deep.equal([
            {
                began: HEADER.began,
                room: MACHINE,
                substrate: "embedded",
                to: { hosts: 20, machines: 20, conductors: 2 },
                upSeconds: 120,
                gib: 3,
            },
        ]);
    });

    it("are found in a record of many megabytes, of which only the ends are read", () => {
        const [objects] = LINES.filter((line) => "kind" in line);
        const many = Array.from({ length: 3000 }, () => objects as object);
        record("long.jsonl", {}, [...many, ...LINES.slice(-2)]);
        expect(ownRuns(folder)).to.have.length(1);
    });

    it("are none of a run that broke off, failed, grew a lab, or was of another kind of lab", () => {
        record("a.jsonl", {}, LINES.slice(0, 5));
        record("b.jsonl", {}, [...LINES.slice(0, 5), { ...LINES.find(({ line }) => line === "result"), failed: 1 }]);
        record("c.jsonl", { existing: 10 });
        record("d.jsonl", { tuning: "published" });
        record("e.jsonl", { settings: { substrate: "minikube" } });
        record("f.jsonl", { settings: { fakeBootSeconds: "180-240" } });
        write(`${RECORDS}/g.jsonl`, [{ line: "header", schema: 2 }]);
        writeFileSync(join(folder, RECORDS, "h.jsonl"), "no JSON");
        expect(ownRuns(folder)).to.deep.equal([]);
        expect(ownRuns(join(folder, "nowhere"))).to.deep.equal([]);
    });

    const say: string[] = [];
    const upOf = (raw: Record<string, string>, resources: StateResource[] = []): UpPrediction => {
        say.length = 0;
        const file = join(folder, OUTCOMES);
        return new UpPrediction(
            "dev",
            raw,
            resources,
            (text) => say.push(text),
            () => ({ ...MACHINE, ownRuns: [] }),
            file,
        );
    };
    const seen = { code: 0, upSeconds: 200, gib: 2.5, record: ".lab/records/2026-11-30T100000-20-10.jsonl" };

    it("are said to be what was predicted or not, and kept for the next prediction, once", () => {
        record("2026-11-30T100000-20-10.jsonl");
        upOf({}).held(seen);
        expect(say[0]).to.match(/^predicted: takes about /);
        expect(say[1]).to.match(
            /^took 3 min 20 s, predicted were \d min( \d0 s)? \(\+\d+ %, (within|beyond) ± \d+ %\); 2\.5 GiB of memory/,
        );
        const [run, ...others] = ownRuns(folder);
        expect(others).to.deep.equal([]);
        expect(run).to.deep.include({ to: { hosts: 4, machines: 2, conductors: 2 }, upSeconds: 200, gib: 2.5 });
        expect(run).to.deep.include({ substrate: "embedded", room: MACHINE, from: undefined });
        const [outcome] = keptOutcomes(join(folder, OUTCOMES));
        expect(outcome?.predicted.seconds).to.be.above(0);
    });

    it("are not kept where the `up` failed, nothing was predicted, or the lab stays as large as it is", () => {
        upOf({}).held({ ...seen, code: 1 });
        expect(say).to.have.length(1);
        upOf({ tuning: "published" }).held(seen);
        expect(say).to.deep.equal(["predicted: nothing, because labs were measured with the default of tuning alone"]);
        upOf({ nodes: "few" }).held(seen);
        expect(say).to.deep.equal([]);
        expect(keptOutcomes(join(folder, OUTCOMES))).to.deep.equal([]);
    });

    it("are those of the whole lines of a file, whatever a killed run has left in it", () => {
        upOf({}).held(seen);
        const file = join(folder, OUTCOMES);
        appendFileSync(file, '{"schema":1,"beg');
        expect(readFileSync(file, "utf8").split("\n")).to.have.length(2);
        expect(keptOutcomes(file)).to.have.length(1);
    });
});

describe("The machine for which is predicted", () => {
    it("is the one that the variable names, without runs of its own, or this one", () => {
        expect(predictedMachine({ METAL3_SCALE_LAB_MACHINE: "8,64" })).to.deep.equal({
            cores: 8,
            memoryGib: 64,
            ownRuns: [],
        });
        expect(predictedMachine({}).cores).to.be.at.least(1);
    });

    for (const text of ["8", "0,64", "8,0", "8,64GiB", "eight,64", "-1,2"]) {
        it(`is not named by ${text}`, () =>
            expect(() => namedMachine(text)).to.throw(
                `METAL3_SCALE_LAB_MACHINE: ${text}: must be CORES,GIB, such as 2,24`,
            ));
    }
});
