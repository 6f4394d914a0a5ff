import { expect } from "chai";
import type { BenchFile, ResizeRun, RunResult } from "../../cli/bench/file";
import type { MachineUsage } from "../../cli/bench/growth";
import { ratios, secondsToGoal } from "../../cli/bench/report/comparison";
import { report } from "../../cli/bench/report/report";
import { cpuPerHost } from "../../cli/bench/run-figures";
import type { ComponentUsage } from "../../cli/bench/usage/totals";
import { cluster, DONE, host, report as stagesOf, settledCluster } from "./bench-stages-objects";

const MIB = 2 ** 20;
const command = (seconds: number) => ({ seconds, cpuSeconds: 2 * seconds, peakMemoryBytes: 100 * MIB });
const usage = (component: string, cpuSeconds: number): ComponentUsage => ({
    component,
    cpuSeconds,
    memoryBytes: 30 * MIB,
    peakMemoryBytes: 40 * MIB,
    instances: 2,
});

const MACHINE: MachineUsage = {
    cpuSeconds: 50,
    components: [usage("bmo", 10), usage("ironic", 20)],
    peakBytes: 700 * MIB,
    bytesBefore: 500 * MIB,
    failedSamples: 0,
};

/** A run whose last host is provisioned after 61 s, and its only cluster Available after `available` s. */
function run(options: Partial<RunResult> & { available?: number } = {}): RunResult {
    const { available = 100, ...rest } = options;
    const clusters = rest.clusters ?? 1;
    return {
        nodes: 4,
        clusters,
        tuning: "lab",
        settings: {},
        commit: "abc1234",
        began: "2026-03-02T10:00:00.000Z",
        preview: command(3),
        up: command(200),
        state: { resources: 77, bytes: 2048 },
        growth: {
            began: "2026-03-02T10:00:00.000Z",
            seconds: 120,
            pulumiCpuSeconds: 5,
            machine: MACHINE,
        },
        stages: stagesOf({
            hosts: [host("host-0000", DONE)],
            clusters: clusters > 0 ? [cluster("cluster-0000", settledCluster(available))] : [],
        }),
        ...rest,
    };
}

const text = (...runs: RunResult[]): string =>
    report({ machine: { cpus: 2, model: "m", memoryBytes: 1 }, runs, resizes: [] });
/** The cells of the first row of a table that begins with a name. */
function row(report: string, name: string): string[] {
    const found = report.split("\n").find((line) => line.startsWith(`│ ${name} `));
    return (found ?? "")
        .split("│")
        .slice(1, -1)
        .map((cell) => cell.trim());
}

describe("the report of a benchmark", () => {
    it("The table of components is sorted by CPU, and shows the CPU that no component accounts for", () => {
        const found = text(run());
        expect(found.indexOf("│ ironic ")).to.be.lessThan(found.indexOf("│ bmo "));
        expect(row(found, "ironic")).to.deep.equal(["ironic", "20.0", "5.000", "30", "40", "2"]);
        expect(row(found, "Pulumi")).to.deep.equal(["Pulumi", "5.0", "1.250", "–", "–", "–"]);
        // 50 of the machine, without 30 of components and 5 of Pulumi.
        expect(row(found, "everything else on the machine").slice(1, 3)).to.deep.equal(["15.0", "3.750"]);
        expect(row(found, "the machine")).to.deep.equal(["the machine", "50.0", "12.500", "–", "700", "–"]);
    });

    it("The tables of all runs have a row for each, with dashes for figures that were not measured", () => {
        const full = run({ calibrationMs: [131.4, 150], destroy: command(9), noChangeUp: command(8) });
        const rows = text(full)
            .split("\n")
            .filter((line) => line.startsWith("│ 4/1 "));
        const [times = "", pulumi = ""] = rows.map((line) => line.replaceAll(/ +/g, " "));
        expect(times).to.equal("│ 4/1 │ 200 │ 16 │ 61 │ 100 │ 1.0 │ 0.6 │ 12.50 │ 200 │ 9 │ 131, 150 │");
        expect(pulumi).to.equal("│ 4/1 │ 3.0 │ 6.0 │ 400.0 │ 100 │ 8.0 │ – │ 77 │ 2 │");
    });

    it("Failures to sample and failures of Ironic are told with their last reason", () => {
        expect(text(run())).not.to.contain("failed");
        const machine = { ...MACHINE, failedSamples: 3, lastSampleError: "not done after 30 s" };
        const growth = { ...run().growth, machine };
        const ironicLatency = { samples: [], failures: 2, lastError: "fetch failed", isForwarded: false };
        const found = text(run({ growth, ironicLatency }));
        expect(found).to.contain("3 samples of the usage failed, the last one: not done after 30 s");
        expect(found).to.contain("2 requests to Ironic failed, the last one: fetch failed");
    });

    it("A lab whose parts are elsewhere has dashes for what only its own machine tells, and the reason", () => {
        const { began, seconds, pulumiCpuSeconds } = run().growth;
        const ironicLatency = { samples: [], failures: 0, lastError: "", isForwarded: true };
        const found = text(run({ growth: { began, seconds, pulumiCpuSeconds }, ironicLatency }));
        expect(found).to.contain("CPU and memory of the lab's parts are not measured: they do not run on this machine");
        expect(found).to.contain("latency of one conductor's answers through the API server by number of hosts, ms");
        expect(row(found, "4/1").slice(7, 9)).to.deep.equal(["–", "–"]);
    });

    it("Stalls are named, five of each stage at the most", () => {
        const fast = Array.from({ length: 9 }, (_, index) => host(`host-${index}`, DONE));
        const slow = Array.from({ length: 6 }, (_, index) =>
            host(`slow-${index}`, { ...DONE, provision: [25, 200 + index] }),
        );
        const found = text(run({ stages: stagesOf({ hosts: [...fast, ...slow] }) }));
        expect(found).to.contain(
            "more than 60 s beyond the median:\n  slow-5: provision 180 s\n  slow-4: provision 179 s",
        );
        expect(found.match(/^ {2}slow-\d: provision \d+ s$/gm)).to.have.length(5);
        expect(row(found, "host: provision")).to.deep.equal(["host: provision", "15", "0", "36.0", "180", "180", "6"]);
    });

    it("The idle lab's cores are its CPU-seconds per second, and its memory's growth is in percent", () => {
        const idle = {
            seconds: 100,
            machineCores: 0.25,
            components: [usage("bmo", 5)],
            memoryBytes: [200, 201, 202, 203, 210].map((mib) => mib * MIB),
        };
        const found = text(run({ idle }));
        expect(found).to.contain("idle for 100 s: 0.250 cores in use, memory 200 → 201 → 202 → 203 → 210 MiB (5.0 %)");
        expect(found).to.match(/│ bmo +│ +0\.050 │ +30 │/);
    });
});

describe("the comparison of runs", () => {
    it("The cost of a host is the CPU of the whole machine, shared among all hosts", () => {
        expect(cpuPerHost(run())).to.equal(12.5);
        expect(cpuPerHost(run({ nodes: 0 }))).to.equal(50);
    });

    it("Two labs have a table for each size, with a verdict a figure, and none for a figure that a run lacks", () => {
        const of = (side: "A" | "B", cpuSeconds: number, available?: number): RunResult => ({
            ...run(available === undefined ? {} : { available }),
            side,
            growth: {
                ...run().growth,
                machine: { ...MACHINE, cpuSeconds, components: [usage("ironic", cpuSeconds - 5)] },
            },
        });
        const runs = [of("A", 50), of("B", 30), of("A", 51), of("B", 31), of("A", 49), of("B", 29, 150)];
        const machine = { cpus: 2, model: "m", memoryBytes: 1 };
        const found = report({ machine, sides: { A: "as it is", B: "conductors=3" }, runs, resizes: [] });
        expect(found).to.contain("A: as it is\nB: conductors=3\n4/1, 3 runs of A, 3 of B\n");
        expect(row(found, "CPU-s a host")).to.deep.equal([
            "CPU-s a host",
            "12.50",
            "7.50",
            "-40.0 %",
            "± 7.5 %",
            "better",
        ]);
        expect(row(found, "pulumi up, s").slice(3)).to.deep.equal(["0.0 %", "± 0.0 %", "no difference seen"]);
        // Nothing asked Ironic, and nothing was measured at rest.
        expect(found).to.not.match(/│ (Ironic|cores at rest)/);
        const open = {
            ...of("B", 30),
            stages: stagesOf({ hosts: [host("host-0000", { state: "inspecting" })], clusters: [] }),
        };
        const lacking = report({ machine, sides: { A: "a", B: "b" }, runs: [...runs, open], resizes: [] });
        expect(row(lacking, "until all is as it should be, s").at(-1)).to.equal("1 of 7 runs lack it");
    });

    it("A run reaches its goal with its clusters, or with its hosts when it has no clusters", () => {
        expect(secondsToGoal(run())).to.equal(100);
        expect(secondsToGoal(run({ clusters: 0 }))).to.equal(61);
        expect(() => secondsToGoal(run({ stages: stagesOf({}) }))).to.throw("4/1: it has no time");
    });

    it("A ratio is given only for runs of the same size in both ways", () => {
        const published = run({ tuning: "published", available: 450 });
        expect(ratios([run(), published, run({ nodes: 8 }), run({ clusters: 0 })])).to.deep.equal([
            "4/1: 450 s in the published lab's way, 100 s in the lab's own: 4.5 times faster",
        ]);
        expect(ratios([run(), run({ nodes: 8, tuning: "published" })])).to.deep.equal([]);
    });
});

describe("the report of a lab that was resized under load", () => {
    const counts = { hosts: 8, hostsProvisioned: 7, clusters: 6, clustersAvailable: 5 };
    const resize: ResizeRun = {
        settings: {},
        commit: "abc1234",
        began: "2026-03-02T10:00:00.000Z",
        seconds: 300,
        countsAtEnd: counts,
        steps: [
            {
                from: { nodes: 4, clusters: 4 },
                to: { nodes: 8, clusters: 8 },
                countsBefore: { hosts: 4, hostsProvisioned: 3, clusters: 4, clustersAvailable: 2 },
                up: command(60),
                changes: { create: 11, same: 40 },
                touched: ["Cluster cluster-0001 was replaced"],
            },
        ],
    };
    const file: BenchFile = { machine: { cpus: 2, model: "m", memoryBytes: 1 }, runs: [], resizes: [resize] };

    it("Each step has a row with Pulumi's changes, and what was touched is named", () => {
        const found = report(file);
        expect(found).to.contain("after 300 s 7 of 8 hosts provisioned, 5 of 6 clusters Available");
        expect(found.replaceAll(/ +/g, " ")).to.contain("│ 4/4 → 8/8 │ 3/2 │ 60 │ 120.0 │ 11 │ 0 │ 0 │ 0 │ 40 │ 1 │");
        expect(found).to.match(
            /touched, although they have a place in the new size:\n {2}Cluster cluster-0001 was replaced$/,
        );
    });
});
