import { expect } from "chai";
import fc from "fast-check";
import type { ObjectsLine, RecordLine } from "../../cli/record/lines";
import type { RunRecord } from "../../cli/record/record";
import { definitionOf, DEFINITIONS, figuresOf } from "../../cli/report/figures/figures";
import { histogramSpread, spread, type Measured } from "../../cli/report/figures/measured";
import { rates } from "../../cli/report/figures/throughput";
import { host, LINES, sample } from "./record-samples";

const values = (record: RunRecord): Record<string, Measured | null> =>
    Object.fromEntries(figuresOf(record).map(({ name, measured }) => [name, measured]));

describe("The figures of a run", () => {
    const all = values(sample());

    it("give the stages of its hosts and clusters", () => {
        expect(all["hosts.register"]).to.deep.equal({ n: 20, p50: 5, p95: 5, p99: 5, max: 5 });
        expect(all["hosts.inspect"]).to.include({ n: 20, p50: 10 });
        expect(all["hosts.prepare"]).to.include({ n: 20, p50: 15 });
        // Host N took 20 + N seconds: the median of 0 to 19 is 9.5.
        expect(all["hosts.provision"]).to.deep.equal({ n: 20, p50: 29.5, p95: 38, p99: 39, max: 39 });
        expect(all["hosts.available"]).to.include({ p50: 30, max: 30 });
        expect(all["hosts.provisioned"]).to.deep.equal({ n: 20, p50: 59.5, p95: 68, p99: 69, max: 69 });
        expect(all["clusters.available"]).to.deep.equal({ n: 10, p50: 32, p95: 32, p99: 32, max: 32 });
    });

    it("say how fast objects were done, and how much slower the last of them", () => {
        // Provisioned at 150, 152, …, 188: four in 56 s from the first host at 100, then four in each 8 s.
        expect(all["throughput.hosts.mean"]).to.be.closeTo(20 / (88 / 60), 1e-9);
        expect(all["throughput.hosts.best"]).to.be.closeTo(30, 1e-9);
        expect(all["throughput.hosts.linearity"]).to.equal(1);
    });

    it("count what went wrong and what kube-apiserver refused", () => {
        expect(all).to.include({ failed: 0, stalls: 0, retries: 1, "ironic.failures": 0, "apiserver.conflicts": 100 });
    });

    it("take latencies from what the parts counted during the run", () => {
        expect(all["apiserver.mutating"]).to.deep.equal({ n: 1000, p50: 0.1, p95: 0.91, p99: 0.982, max: 1 });
        expect(all["apiserver.request.PATCH-resource"]).to.deep.equal(all["apiserver.mutating"]);
        expect(all["ironic.get"]).to.deep.equal({ n: 2, p50: 0.025, p95: 0.03, p99: 0.03, max: 0.03 });
        expect(all["queue.depth.capi-core"]).to.include({ n: 3, max: 7 });
        expect(all["queue.errors.capi-core"]).to.equal(10);
        expect(all["queue.longest.capi-core"]).to.include({ n: 3, p50: 2, max: 2 });
        expect(all["queue.busy.capi-core"]).to.include({ n: 3, p50: 0.5 });
        expect(all["queue.retries.capi-core"]).to.equal(20);
        expect(all["etcd.elections"]).to.equal(0);
    });

    it("count all that a controller says where it has begun after the first look", () => {
        const later = LINES.map((line): RecordLine =>
            line.line === "metrics" && line.t === 100 ? { ...line, controllers: {} } : line,
        );
        const [whole, part] = [values(sample(later)), values(sample(LINES.slice(3)))];
        expect([whole["queue.errors.capi-core"], whole["queue.waited.capi-core"]]).to.deep.equal([
            ...[10, { n: 1000, p50: 0.1, p95: 0.91, p99: 0.982, max: 1 }],
        ]);
        expect(part["queue.errors.capi-core"]).to.equal(5);
    });

    it("say what it took of the machine", () => {
        expect(all).to.include({ goal: 71, "cpu.host": 6.5, yardstick: 150, "memory.peak": 3 * 2 ** 30 });
        expect(all["cpu.component.ironic-http"]).to.equal(2);
        expect(all["cpu.yardstick"]).to.be.closeTo(6500 / 150, 1e-9);
        expect(all).to.include({ "pulumi.up": 120, "pulumi.destroy": 30, "pulumi.resources": 200 });
    });

    it("are null where the run has not recorded them, and have no time where not all came to its end", () => {
        const empty = figuresOf(sample([]));
        expect(empty.filter(({ name }) => name !== "yardstick").map(({ measured }) => measured)).to.satisfy(
            (each: unknown[]) => each.every((value) => value === null),
        );
        const failed = LINES.map((line): RecordLine => (line.line === "result" ? { ...line, failed: 1 } : line));
        expect(values(sample(failed))["goal"]).to.equal(null);
    });

    it("have names of their own, and are found by them", () => {
        const names = figuresOf(sample()).map(({ name }) => name);
        expect(names.filter((name, index) => names.indexOf(name) !== index)).to.deep.equal([]);
        expect(names.filter((name) => definitionOf(name) === undefined)).to.deep.equal([]);
        expect(definitionOf("hosts.nothing")).to.equal(undefined);
        expect(definitionOf("cpu.component.")).to.equal(undefined);
    });

    it("are single numbers just where their definitions say so", () => {
        for (const { name, measured } of figuresOf(sample())) {
            if (measured !== null) {
                expect(typeof measured === "number", name).to.equal(definitionOf(name)?.isNumber ?? false);
            }
        }
        expect(DEFINITIONS.length).to.be.above(45);
    });
});

describe("Figures over many measurements", () => {
    const measurements = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 });

    it("are ordered, and lie between the least and the greatest measurement", () => {
        fc.assert(
            fc.property(measurements, (all) => {
                const { p50, p95, p99, max } = spread(all) as { p50: number; p95: number; p99: number; max: number };
                const ordered = [Math.min(...all), p50, p95, p99, max];
                expect([...ordered].sort((a, b) => a - b)).to.deep.equal(ordered);
                expect(max).to.equal(Math.max(...all));
            }),
        );
    });

    it("do not depend on the order of the measurements", () => {
        const shuffled = measurements.chain((all) =>
            fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
        );
        fc.assert(
            fc.property(shuffled, ([all, other]) => {
                expect(spread(all)).to.deep.equal(spread(other));
            }),
        );
    });

    it("do not exist without a measurement", () => {
        expect(spread([])).to.equal(undefined);
        expect(histogramSpread({ bounds: [1], counts: [0, 0] })).to.equal(undefined);
        expect(histogramSpread(undefined)).to.equal(undefined);
    });

    it("of a histogram are ordered as well, and have no greatest where some lie beyond its bounds", () => {
        const counts = fc.array(fc.nat(50), { minLength: 4, maxLength: 4 }).filter((all) => all.some((n) => n > 0));
        fc.assert(
            fc.property(counts, (each) => {
                const sums = each.map((_, index) => each.slice(0, index + 1).reduce((sum, count) => sum + count, 0));
                const found = histogramSpread({ bounds: [1, 2, 4], counts: sums });
                const ordered = [found?.p50, found?.p95, found?.p99].map(Number);
                expect([...ordered].sort((a, b) => a - b)).to.deep.equal(ordered);
                expect(found?.max === null).to.equal((each[3] ?? 0) > 0);
            }),
        );
    });
});

describe("The figures of a record", () => {
    const order = fc.shuffledSubarray(
        Array.from({ length: 20 }, (_, index) => index),
        { minLength: 20 },
    );
    const withHosts = (objects: ObjectsLine["objects"]): RecordLine[] =>
        LINES.map((line) => (line.line === "objects" && line.kind === "hosts" ? { ...line, objects } : line));

    it("do not depend on the order in which its objects are listed", () => {
        fc.assert(
            fc.property(order, (indices) => {
                expect(values(sample(withHosts(indices.map(host))))).to.deep.equal(values(sample()));
            }),
            { numRuns: 20 },
        );
    });

    it("do not change with an object that has none of their events", () => {
        const stranger = { name: "host-9999", events: { inspectAgain: 7 } };
        const hosts = [...sample().objects.hosts, stranger];
        expect(values(sample(withHosts(hosts)))).to.deep.equal(values(sample()));
    });
});

describe("The rate at which objects are done", () => {
    it("is that of all, of the best fifth and of the last", () => {
        const done = [10, 20, 30, 40, 50, 60, 70, 80, 100, 120];
        expect(rates(done, 0)).to.deep.equal({ mean: 5, best: 6, last: 3 });
    });

    it("is not told of fewer than ten objects", () => {
        expect(rates([1, 2, 3], 0)).to.equal(undefined);
    });

    it("of objects that are done at an even pace is the same at the end", () => {
        const pace = fc.tuple(fc.integer({ min: 10, max: 200 }), fc.integer({ min: 1, max: 50 }));
        fc.assert(
            fc.property(pace, ([count, step]) => {
                const even = Array.from({ length: count * 5 }, (_, index) => (index + 1) * step);
                const found = rates(even, 0);
                expect((found?.last ?? 0) / (found?.best ?? 1)).to.be.closeTo(1, 1e-9);
            }),
        );
    });
});
