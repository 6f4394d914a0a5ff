import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import * as fc from "fast-check";
import { lastRun, measureElsewhere } from "../../cli/bench/compare/other-checkout";
import { noiseOfP95 } from "../../cli/bench/compare/sampled-noise";
import { ASSUMED_NOISE, MEASURED_FROM, verdict } from "../../cli/bench/compare/verdict";
import type { RunResult } from "../../cli/bench/file";
import { deltas } from "../../cli/bench/report/deltas";

describe("the verdict about two labs", () => {
    const says = (a: number[], b: number[]): string | undefined => verdict(a, b)?.says;

    it("sees a difference that is larger than the spread of the runs, and which way it goes", () => {
        expect(says([10, 10.1, 9.9], [7, 7.1, 6.9])).to.equal("better");
        expect(says([10, 10.1, 9.9], [12, 12.1, 11.9])).to.equal("worse");
    });

    it("sees none within the spread, however large the means' difference looks", () => {
        expect(says([10, 14, 9], [12, 8, 16])).to.equal("no difference seen");
    });

    it("takes the noise of a single run for granted", () => {
        expect(verdict([10], [10.4])).to.deep.include({ noise: ASSUMED_NOISE, says: "no difference seen" });
        expect(says([10], [10.6])).to.equal("worse");
        // One side with several runs says nothing about the spread of the other.
        expect(verdict([10, 10], [10.4])?.noise).to.equal(ASSUMED_NOISE);
    });

    it("does not believe that two runs of each side which agree tell the noise", () => {
        expect(verdict([10, 10], [10.4, 10.4])).to.deep.include({ noise: ASSUMED_NOISE, says: "no difference seen" });
        expect(says([10, 10], [10.6, 10.6])).to.equal("worse");
        // Variance 2 in both, two degrees of freedom: 9.925 × √(2 × 2/2), a share of 10.
        expect(verdict([9, 11], [19, 21])?.noise).to.be.closeTo(1.4036, 0.0001);
        expect(verdict([10, 10, 10], [10.4, 10.4, 10.4])).to.deep.include({ noise: 0, says: "worse" });
    });

    it("is the interval of Student's distribution: by hand for three runs each", () => {
        // Variance 1 in both, four degrees of freedom: 4.604 × √(1 × 2/3).
        expect(verdict([9, 10, 11], [19, 20, 21])?.noise).to.be.closeTo(0.3759, 0.0001);
    });

    it("has nothing to say without runs, or without anything to take a share of", () => {
        expect(verdict([], [1])).to.equal(undefined);
        expect(verdict([1], [])).to.equal(undefined);
        expect(verdict([0, 0], [1, 1])).to.equal(undefined);
    });

    it("never sees a difference between the same runs, and turns round with the sides", () => {
        const runs = fc.array(fc.double({ min: 0.1, max: 1000, noNaN: true }), { minLength: 1, maxLength: 8 });
        const turned = { better: "worse", worse: "better", "no difference seen": "no difference seen" } as const;
        fc.assert(
            fc.property(runs, runs, (a, b) => {
                expect(verdict(a, a)?.says).to.equal("no difference seen");
                const [one, other] = [verdict(a, b), verdict(b, a)];
                // Noise that is taken for granted is a share of A, which is another mean when the sides turn round.
                if (one !== undefined && other !== undefined && Math.min(a.length, b.length) >= MEASURED_FROM) {
                    expect(turned[one.says]).to.equal(other.says);
                }
            }),
        );
    });
});

describe("the noise of a percentile of one run's samples", () => {
    /** Answers that take about 100 ms, and one in fifteen ten times as long. */
    const samples = (offset: number): number[] =>
        Array.from({ length: 60 }, (_, at) => ((at + offset) % 15 === 0 ? 1000 : 100 + ((at * 7) % 20)));

    it("is large where the percentile hangs on a few slow answers, and small where all are alike", () => {
        expect(noiseOfP95(samples(0), samples(4))).to.be.above(0.3);
        const alike = Array.from({ length: 60 }, (_, at) => 100 + ((at * 7) % 20));
        expect(noiseOfP95(alike, alike)).to.be.below(0.1);
    });

    it("is none without samples, and bears a single one", () => {
        expect(noiseOfP95([], [1])).to.equal(0);
        expect(noiseOfP95([1], [])).to.equal(0);
        expect(noiseOfP95([5], [9])).to.equal(0);
    });

    it("is what the table takes for noise, where each side has one run", () => {
        const run = (side: "A" | "B", offset: number) => ({
            side,
            nodes: 60,
            clusters: 0,
            ironicLatency: {
                samples: samples(offset).map((ms, at) => ({
                    oneNodeMs: ms,
                    listingMs: side === "A" ? 100 : 120 + (at % 2),
                })),
            },
            up: {},
            growth: {},
            stages: { fleet: { hostsProvisioned: { seconds: 60 } } },
        });
        const [, , , , table] = deltas({
            sides: { A: "as it is", B: "another" },
            runs: [run("A", 0), run("B", 4)] as unknown as RunResult[],
        });
        const row = (name: string) => table?.split("\n").find((line) => line.includes(name));
        expect(row("one node")).to.contain("no difference seen");
        expect(row("list of all")).to.contain("± 5.0 %").and.to.contain("worse");
    });
});

describe("a comparison on a machine that does other work", () => {
    /** A run in which ironic took 200 CPU-s, Pulumi 20, and other programs what is given. */
    const run = (side: "A" | "B", other: number) => ({
        side,
        nodes: 100,
        clusters: 0,
        up: { seconds: 200 },
        growth: {
            pulumiCpuSeconds: 20,
            machine: { cpuSeconds: 220 + other, components: [{ component: "ironic", cpuSeconds: 200 }] },
        },
        stages: { fleet: { hostsProvisioned: { seconds: 180 } } },
    });
    const compared = (a: number, b: number): string =>
        deltas({
            sides: { A: "as it is", B: "as it is" },
            runs: [run("A", a), run("B", b)] as unknown as RunResult[],
        }).join("\n");

    it("calls B neither better nor worse, and says why", () => {
        const text = compared(100, 30);
        expect(text).to.include("other programs than the lab's took 100 CPU-s in a run of A and 30 in one of B");
        expect(text)
            .to.match(/CPU-s a host .*see below/)
            .and.not.match(/better|worse/);
    });

    it("goes by the labs where other programs took about the same", () => {
        expect(compared(30, 38)).to.not.include("other programs");
    });
});

describe("a lab that another checkout measures", () => {
    let checkout: string;
    before(async () => {
        checkout = await mkdtemp(join(tmpdir(), "bench-compare-test-"));
        await mkdir(join(checkout, "toolchain"));
    });
    after(() => rm(checkout, { recursive: true }));

    /** A program of another checkout that writes what the test says, and the arguments that it got. */
    const program = (...lines: string[]): Promise<void> =>
        writeFile(
            join(checkout, "toolchain", "bootstrap.mjs"),
            [
                'import { writeFileSync } from "node:fs";',
                "const args = process.argv.slice(2);",
                'const out = args[args.indexOf("--out") + 1];',
                ...lines,
            ].join("\n"),
        );
    const measured = (isRecorded = true) =>
        measureElsewhere(
            checkout,
            { nodes: 4, clusters: 0 },
            { settings: { wait: "hosts", images: '{"source":"build"}' }, isRecorded },
            { stack: "bench", parallel: 8, idle: 0 },
        );

    it("is told the size and the configuration, and its last run is taken", async () => {
        await program("writeFileSync(out, JSON.stringify({ runs: [{}, { commit: args.join(' '), growth: {} }] }));");
        const { commit } = await measured();
        expect(commit).to.match(
            /^bench --nodes 4 --clusters 0 --idle 0 --stack bench --parallel 8 --out \S+ --set wait=hosts --set /,
        );
        expect(commit).to.not.include("record");
        expect((await measured(false)).commit).to.match(/ --no-record$/);
    });

    it("that fails is an error which says where to look", async () => {
        await program("process.exit(3);");
        const error = await measured().then(
            () => undefined,
            (reason: Error) => reason.message,
        );
        expect(error).to.equal(`the benchmark of ${checkout} ended with exit code 3: see above`);
    });

    it("may be of an earlier version, which wrote the machine's usage elsewhere", () => {
        const growth = { began: "x", seconds: 1, pulumiCpuSeconds: 2, machineCpuSeconds: 50, components: [] };
        const former = {
            ...growth,
            peakMachineBytes: 7,
            machineBytesBefore: 5,
            failedSamples: 1,
            lastSampleError: "late",
        };
        expect(lastRun(JSON.stringify({ runs: [{ growth: former }] })).growth).to.deep.equal({
            began: "x",
            seconds: 1,
            pulumiCpuSeconds: 2,
            machine: {
                cpuSeconds: 50,
                components: [],
                peakBytes: 7,
                bytesBefore: 5,
                failedSamples: 1,
                lastSampleError: "late",
            },
        });
    });
});
