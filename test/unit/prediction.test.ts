import { expect } from "chai";
import * as fc from "fast-check";
import { FITTED } from "../../plan/prediction/fitted";
import { MEASUREMENTS } from "../../plan/prediction/measurements";
import { peakGib, upSeconds, type LabSize } from "../../plan/prediction/model";
import { biasOf } from "../../plan/prediction/own-runs";
import { predict } from "../../plan/prediction/predict";
import { conductorCount } from "../../plan/sizes";
import { change, KNOWN, MACHINE, ownRun, predictedOf, size } from "./prediction-samples";

const sizes = fc
    .record({ hosts: fc.nat(3000), machines: fc.nat(3000) })
    .map(({ hosts, machines }) => size(hosts, Math.min(hosts, machines)));
const cores = fc.integer({ min: 1, max: 64 });

/** A lab that has so much more than another one. */
const larger = ({ hosts, machines }: LabSize, by: { hosts: number; machines: number }): LabSize =>
    size(hosts + by.hosts, machines + by.machines);
const more = fc.record({ hosts: fc.nat(500), machines: fc.nat(500) });

describe("The prediction of a change", () => {
    it("never says that more hosts or machines take less time or memory", () => {
        fc.assert(
            fc.property(fc.option(sizes, { nil: undefined }), more, more, cores, (from, first, second, count) => {
                const to = larger(from ?? size(0), first);
                const beyond = larger(to, second);
                const seconds = upSeconds(from, to, count, KNOWN);
                expect(upSeconds(from, beyond, count, KNOWN)).to.be.at.least(seconds - 1e-6);
                expect(peakGib(beyond, KNOWN)).to.be.at.least(peakGib(to, KNOWN));
            }),
        );
    });

    it("never says that more cores take more time", () => {
        fc.assert(
            fc.property(fc.option(sizes, { nil: undefined }), sizes, cores, cores, (from, to, few, further) => {
                const most = upSeconds(from, to, few, KNOWN);
                expect(upSeconds(from, to, few + further, KNOWN)).to.be.at.most(most * (1 + 1e-9));
            }),
        );
    });

    it("never says that taking more away takes less time, nor that a change takes no time or has no number", () => {
        fc.assert(
            fc.property(sizes, more, more, cores, (to, first, second, count) => {
                const from = larger(to, first);
                const seconds = upSeconds(from, to, count, KNOWN);
                expect(seconds > 0, String(seconds)).to.equal(true);
                expect(upSeconds(larger(from, second), to, count, KNOWN)).to.be.at.least(seconds - 1e-6);
            }),
        );
    });

    it("says that growing a lab in two steps takes about what one step takes, from the first host on", () => {
        const [start, middle, end] = [size(0), size(200), size(400)];
        const two = upSeconds(start, middle, 2, KNOWN) + upSeconds(middle, end, 2, KNOWN);
        expect(two / upSeconds(start, end, 2, KNOWN)).to.be.within(1, 1.05);
    });

    it("comes to no end where what is there takes all cores", () => {
        expect(upSeconds(undefined, size(3000), 2, KNOWN)).to.equal(Infinity);
        expect(upSeconds(undefined, size(3000), 16, KNOWN)).to.be.below(7200);
    });

    it("is, on the machine of the measurements, what docs/performance.md says was seen, within its error", () => {
        const rows: [hosts: number, seconds: number, gib: number][] = [
            [100, 397, 5.6],
            [200, 753, 7],
            [1000, 5730, 15.9],
        ];
        for (const [hosts, seconds, gib] of rows) {
            const found = predictedOf(undefined, size(hosts));
            expect(found.seconds / seconds, `${hosts} hosts`).to.be.within(1 - 0.12, 1 + 0.12);
            expect(found.gib / gib, `${hosts} hosts`).to.be.within(1 - 0.12, 1 + 0.12);
            expect(found.verdict).to.equal("fits");
        }
    });

    it("fits, may not fit and does not fit, in this order, as a lab becomes larger", () => {
        const verdicts = [100, 1000, 1300, 3000].map((hosts) => predictedOf(undefined, size(hosts)).verdict);
        expect(verdicts).to.deep.equal(["fits", "fits", "may not fit", "does not fit"]);
    });

    it("says how many hosts a machine holds, and that those fit or may, and twice as many do not", () => {
        fc.assert(
            fc.property(cores, fc.integer({ min: 6, max: 256 }), (count, memoryGib) => {
                const room = { cores: count, memoryGib };
                const { holds } = predictedOf(undefined, size(10), room);
                fc.pre(holds >= 10 && holds < 5000);
                expect(predictedOf(undefined, size(holds), room).verdict).to.not.equal("does not fit");
                expect(predictedOf(undefined, size(2 * holds + 50), room).verdict).to.not.equal("fits");
            }),
        );
    });

    it("is bounded by the cores on a machine with few, and by the memory on one with many", () => {
        expect(predictedOf(undefined, size(100)).bound).to.equal("cores");
        expect(predictedOf(undefined, size(100), { cores: 32, memoryGib: 24 }).bound).to.equal("memory");
    });

    it("is less sure beyond what was measured: of larger labs, and of machines with other cores", () => {
        const error = (hosts: number, count = 2): number =>
            predictedOf(undefined, size(hosts), { cores: count, memoryGib: 999 }).secondsError;
        expect(error(100)).to.equal(FITTED.error.time);
        expect(error(2000)).to.be.closeTo(2 * error(100), 1e-9);
        expect(error(100, 8)).to.be.closeTo(3 * error(100), 1e-9);
    });
});

describe("A machine's own runs", () => {
    const seconds = upSeconds(undefined, size(100), 2, KNOWN);
    const slow = (count: number) =>
        Array.from({ length: count }, (_, index) =>
            ownRun({ began: `2026-12-01T1${index % 10}:00:00.000Z`, upSeconds: 2 * seconds, gib: 6 }),
        );

    it("weigh more than the repository's measurements, already the first one", () => {
        expect(biasOf([], MACHINE, "embedded", FITTED)).to.deep.include({ time: 1, memory: 1, runs: 0 });
        expect(biasOf(slow(1), MACHINE, "embedded", FITTED).time).to.be.closeTo(2 ** 0.75, 1e-9);
        expect(biasOf(slow(10), MACHINE, "embedded", FITTED).time).to.be.within(1.9, 2);
    });

    it("make every time and all memory that many times as much, and a slow machine holds fewer hosts", () => {
        const bias = biasOf(slow(10), MACHINE, "embedded", FITTED);
        const [plain, own] = [
            predictedOf(undefined, size(200)),
            predict(change(undefined, size(200)), MACHINE, FITTED, bias),
        ];
        expect(own.seconds / plain.seconds).to.be.closeTo(bias.time, 1e-9);
        expect(own.gib / plain.gib).to.be.closeTo(bias.memory, 1e-9);
        expect(own.holds).to.be.below(plain.holds * 0.6);
        expect(own.ownRuns).to.equal(10);
    });

    it("do not count where they are of another machine or substrate, or of one that stood still meanwhile", () => {
        const others = [
            ownRun({ room: { cores: 4, memoryGib: 24 }, upSeconds: 2 * seconds }),
            ownRun({ room: { cores: 2, memoryGib: 64 }, upSeconds: 2 * seconds }),
            ownRun({ substrate: "minikube", upSeconds: 2 * seconds }),
            ownRun({ upSeconds: 10 * seconds, gib: null }),
        ];
        expect(biasOf(others, MACHINE, "embedded", FITTED)).to.deep.include({ time: 1, memory: 1, runs: 0 });
    });

    it("tell the error themselves from the third one on", () => {
        expect(biasOf(slow(2), MACHINE, "embedded", FITTED).timeError).to.equal(null);
        expect(biasOf(slow(3), MACHINE, "embedded", FITTED).timeError).to.be.a("number");
    });
});

describe("The measurements of the model", () => {
    const rows = Object.values(MEASUREMENTS).flatMap((list) => (Array.isArray(list) ? list : []));

    it("have hosts for all machines, and at least one figure each, all above 0", () => {
        for (const row of rows) {
            const { growth, up, cpu, gib } = row;
            const figures = [growth, up, cpu, gib].filter((each) => each !== undefined);
            expect(figures, JSON.stringify(row)).to.not.deep.equal([]);
            expect(Math.min(...figures)).to.be.above(0);
            expect(row.machines).to.be.at.most(row.hosts);
        }
    });

    it("have the number of conductors that a lab of that size has", () => {
        for (const { hosts, conductors = 2 } of MEASUREMENTS.memory) {
            expect(conductors).to.equal(conductorCount(hosts));
        }
    });
});
