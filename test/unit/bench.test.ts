import { expect } from "chai";
import { latencyBySize } from "../../cli/bench/latency";
import { benchSizes, checkWays, settings, type BenchOptions } from "../../cli/bench/options";
import { treeUsage } from "../../cli/bench/process-meter";
import { checkResizing, places, touched } from "../../cli/bench/resize";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";

describe("the options of a benchmark", () => {
    it("A size without a number of clusters has as many as its hosts suffice for", () => {
        expect(benchSizes({ nodes: [20, 51], machinesPerCluster: 2 })).to.deep.equal([
            { nodes: 20, clusters: 10 },
            { nodes: 51, clusters: 25 },
        ]);
    });

    it("One number of clusters holds for all sizes; otherwise each size needs its own", () => {
        expect(
            benchSizes({ nodes: [20, 50], clusters: [0], machinesPerCluster: 1 }).map(({ clusters }) => clusters),
        ).to.deep.equal([0, 0]);
        expect(
            benchSizes({ nodes: [20, 50], clusters: [5, 50], machinesPerCluster: 1 }).map(({ clusters }) => clusters),
        ).to.deep.equal([5, 50]);
        expect(() => benchSizes({ nodes: [20, 50, 100], clusters: [5, 50], machinesPerCluster: 1 })).to.throw(
            "one for each of --nodes 20,50,100",
        );
    });

    it("Every size with more machines than hosts is named", () => {
        expect(() => benchSizes({ nodes: [20, 50, 10], clusters: [21, 50, 11], machinesPerCluster: 1 })).to.throw(
            /21 clusters .* 20\n.*11 clusters .* 10$/s,
        );
    });

    it("Settings are read as KEY=VALUE, and every other argument is named", () => {
        expect(settings(["wait=hosts", 'images={"source":"build"}', "a=b=c"])).to.deep.equal({
            wait: "hosts",
            images: '{"source":"build"}',
            a: "b=c",
        });
        expect(() => settings(["wait", "=x", "a=b"])).to.throw(
            "--set: wait: must be KEY=VALUE\n--set: =x: must be KEY=VALUE",
        );
    });

    it("Ways to measure that exclude each other are refused", () => {
        const ways = (given: Partial<BenchOptions>, isHere = true) => {
            const none = { grow: false, reference: false, underLoad: false, compareNoRecord: false };
            const options = { ...none, record: true, idle: 0, ...given } as BenchOptions;
            return () => checkWays(options, { isHere });
        };
        for (const alone of ["grow", "reference", "underLoad"]) {
            expect(ways({ [alone]: true }), alone).not.to.throw();
        }
        expect(ways({ grow: true, reference: true })).to.throw(/^--grow, --reference: /);
        expect(ways({ underLoad: true, grow: true })).to.throw(/^--under-load: /);
        expect(ways({ underLoad: true, reference: true })).to.throw(/^--under-load: /);
        expect(ways({ record: false })).not.to.throw();
        expect(ways({ compareNoRecord: true })).not.to.throw();
        expect(ways({ record: false, compareNoRecord: true })).to.throw(/^--no-record, --compare-no-record: /);
        for (const without of [{ record: false }, { compareNoRecord: true }, { underLoad: true }]) {
            expect(ways({ ...without, thresholds: "limits.yaml" })).to.throw(/^--thresholds: holds records /);
        }
        expect(ways({ idle: 60 })).not.to.throw();
        expect(ways({ underLoad: true }, false)).not.to.throw();
        expect(ways({ idle: 60, reference: true }, false)).to.throw(/^--reference: .*existing\n--idle: .*existing$/);
    });
});

describe("a lab that is resized under load", () => {
    const host = (name: string, id: string) => ({ what: `BareMetalHost ${name}`, id, of: name });
    const machine = (name: string, id: string, of: string) => ({ what: `Machine ${name}`, id, of });
    const container = (name: string, id: string) => ({ what: `container /${name}`, id, of: name });
    const smaller = places(plan(validate({ nodes: "8", clusters: "3", nodesPerPair: "4" }), "bench"));

    it("The hosts, clusters and containers of the new size have a place in it, and no others", () => {
        const names = [
            "host-0007",
            "host-0008",
            "cluster-0002",
            "cluster-0003",
            "m3lab-bench-control-plane",
            "m3lab-bench-pair-001-fake-ipa",
            "m3lab-bench-pair-002-fake-ipa",
        ];
        expect(names.map(smaller)).to.deep.equal([true, false, true, false, true, true, false]);
    });

    it("A part that has a place but was replaced or is gone is named", () => {
        const before = [
            host("host-0000", "a"),
            host("host-0001", "b"),
            machine("m0", "c", "cluster-0000"),
            container("m3lab-bench-pair-000-fake-ipa", "d"),
        ];
        const after = [
            host("host-0000", "a"),
            host("host-0001", "x"),
            container("m3lab-bench-pair-000-fake-ipa", "y"),
            host("host-0005", "new"),
        ];
        expect(touched(before, after, smaller)).to.deep.equal([
            "BareMetalHost host-0001 was replaced",
            "Machine m0 is gone",
            "container /m3lab-bench-pair-000-fake-ipa was replaced",
        ]);
        expect(touched(before, before, smaller)).to.deep.equal([]);
    });

    it("A host, or a cluster with its Machines, may go when the new size has no place for it", () => {
        const before = [
            host("host-0008", "a"),
            machine("m3", "b", "cluster-0003"),
            container("m3lab-bench-pair-002-fake-ipa", "c"),
        ];
        expect(touched(before, [], smaller)).to.deep.equal([]);
    });

    it("A resize under load needs two sizes with clusters", () => {
        checkResizing([
            { nodes: 4, clusters: 4 },
            { nodes: 8, clusters: 8 },
        ]);
        expect(() => checkResizing([{ nodes: 4, clusters: 0 }])).to.throw(
            /--nodes 4: must be two sizes or more\n.*4 hosts without clusters/,
        );
    });
});

describe("the usage of a command", () => {
    const process = (pid: number, parent: number, cpuSeconds: number, residentPages: number) => ({
        pid,
        parent,
        name: "",
        startTicks: 0,
        cpuSeconds,
        childrenCpuSeconds: cpuSeconds / 10,
        residentPages,
    });
    const all = [
        process(1, 0, 1000, 99),
        process(10, 1, 10, 1),
        process(11, 10, 20, 2),
        process(12, 11, 40, 4),
        process(20, 1, 500, 99),
    ];

    it("A command counts with its children, their children, and the children that have ended", () => {
        expect(treeUsage(all, 10)).to.deep.equal({ cpuSeconds: 77, memoryBytes: 7 * 4096 });
    });

    it("A command that has ended uses nothing", () => {
        expect(treeUsage(all, 99)).to.deep.equal({ cpuSeconds: 0, memoryBytes: 0 });
    });
});

describe("the latency of Ironic's answers", () => {
    it("Samples are grouped by the number of hosts at the time, however large it is", () => {
        const sample = (nodes: number, oneNodeMs: number) => ({
            seconds: 0,
            nodes,
            oneNodeMs,
            listingMs: 10 * oneNodeMs,
        });
        const rows = latencyBySize([
            sample(10, 1),
            sample(11, 3),
            sample(20, 5),
            sample(12, 4),
            sample(700, 9),
            sample(12_000, 7),
        ]);
        expect(
            rows.map(({ nodes, samples, oneNode, listing }) => [nodes, samples, oneNode.median, listing.max]),
        ).to.deep.equal([
            [10, 1, 1, 10],
            [20, 3, 4, 50],
            [1000, 1, 9, 90],
            [20_000, 1, 7, 70],
        ]);
    });
});
