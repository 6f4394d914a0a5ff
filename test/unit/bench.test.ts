import { expect } from "chai";
import { latencyBySize } from "../../cli/bench/latency";
import { benchSizes, settings } from "../../cli/bench/options";
import { parseStat, tree } from "../../cli/bench/process-meter";
import { checkResizing, places, touched } from "../../cli/bench/resize";
import { validate } from "../../plan/config/validate";
import { plan } from "../../plan/plan";

describe("what a benchmark is asked to do", () => {
    it("has as many clusters as there are hosts for, where nobody says", () => {
        expect(benchSizes({ nodes: [20, 51], machinesPerCluster: 2 })).to.deep.equal([
            { nodes: 20, clusters: 10 },
            { nodes: 51, clusters: 25 },
        ]);
    });

    it("takes one number of clusters for all sizes, or one for each", () => {
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

    it("refuses all sizes with more machines than hosts, before any is made", () => {
        expect(() => benchSizes({ nodes: [20, 50, 10], clusters: [21, 50, 11], machinesPerCluster: 1 })).to.throw(
            /21 clusters .* 20\n.*11 clusters .* 10$/s,
        );
    });

    it("reads settings, and names those that are none", () => {
        expect(settings(["wait=hosts", 'images={"source":"build"}', "a=b=c"])).to.deep.equal({
            wait: "hosts",
            images: '{"source":"build"}',
            a: "b=c",
        });
        expect(() => settings(["wait", "=x", "a=b"])).to.throw(
            "--set: wait: must be KEY=VALUE\n--set: =x: must be KEY=VALUE",
        );
    });
});

describe("a lab that is resized under load", () => {
    const host = (name: string, id: string) => ({ what: `BareMetalHost ${name}`, id, of: name });
    const machine = (name: string, id: string, of: string) => ({ what: `Machine ${name}`, id, of });
    const container = (name: string, id: string) => ({ what: `container /${name}`, id, of: name });
    const smaller = places(plan(validate({ nodes: "8", clusters: "3", nodesPerPair: "4" }), "bench"));

    it("has a place for the hosts, clusters and containers of its new size, and for no others", () => {
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

    it("names what has a place and was replaced or is gone", () => {
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

    it("lets go what has no place: hosts, and clusters with their Machines", () => {
        const before = [
            host("host-0008", "a"),
            machine("m3", "b", "cluster-0003"),
            container("m3lab-bench-pair-002-fake-ipa", "c"),
        ];
        expect(touched(before, [], smaller)).to.deep.equal([]);
    });

    it("wants two sizes, with clusters", () => {
        checkResizing([
            { nodes: 4, clusters: 4 },
            { nodes: 8, clusters: 8 },
        ]);
        expect(() => checkResizing([{ nodes: 4, clusters: 0 }])).to.throw(
            /--nodes 4: must be two sizes or more\n.*4 hosts without clusters/,
        );
    });
});

describe("what a command used", () => {
    it("is read from /proc, whatever the process is called", () => {
        const fields = [
            "S",
            "10",
            "42",
            "42",
            "0",
            "-1",
            "0",
            "1",
            "2",
            "3",
            "4",
            "150",
            "50",
            "30",
            "20",
            "20",
            "0",
            "9",
            "0",
            "100",
            "1000000",
            "256",
        ];
        expect(parseStat(`42 (a) b (c)) ${fields.join(" ")} 0 0\n`)).to.deep.equal({
            parent: 10,
            cpuSeconds: 2.5,
            memoryBytes: 256 * 4096,
        });
    });

    it("counts its children and theirs, and nobody else", () => {
        const process = (parent: number, cpuSeconds: number) => ({ parent, cpuSeconds, memoryBytes: 1 });
        const all = new Map([
            [1, process(0, 100)],
            [10, process(1, 1)],
            [11, process(10, 2)],
            [12, process(11, 4)],
            [20, process(1, 50)],
        ]);
        expect(tree(all, 10).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)).to.equal(7);
        expect(tree(all, 99)).to.deep.equal([]);
    });
});

describe("Ironic's latency", () => {
    it("is summed up by the number of hosts there were", () => {
        const sample = (nodes: number, oneNodeMs: number) => ({
            seconds: 0,
            nodes,
            oneNodeMs,
            listingMs: 10 * oneNodeMs,
        });
        const rows = latencyBySize([sample(10, 1), sample(11, 3), sample(20, 5), sample(12, 4), sample(700, 9)]);
        expect(
            rows.map(({ nodes, samples, oneNode, listing }) => [nodes, samples, oneNode.median, listing.max]),
        ).to.deep.equal([
            [10, 1, 1, 10],
            [20, 3, 4, 50],
            [1000, 1, 9, 90],
        ]);
    });
});
