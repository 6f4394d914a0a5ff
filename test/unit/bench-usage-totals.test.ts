import { expect } from "chai";
import { UsageTotals, type Sample } from "../../cli/bench/usage/totals";

describe("the usage of a lab's instances, added up by component", () => {
    const sample = (key: string, cpuSeconds: number, memoryBytes = 0, component = "bmo"): Sample => ({
        key,
        owner: "pods",
        component,
        cpuSeconds,
        memoryBytes,
    });
    const cpu = (totals: UsageTotals): Record<string, number> =>
        Object.fromEntries(totals.report().map(({ component, cpuSeconds }) => [component, cpuSeconds]));

    it("An instance from before the window counts by the difference, a later one in full", () => {
        const totals = new UsageTotals();
        totals.apply("node", [sample("old", 100)], true);
        totals.apply("node", [sample("old", 103), sample("new", 5)]);
        expect(cpu(totals)).to.deep.equal({ bmo: 8 });
        expect(totals.report()[0]?.instances).to.equal(2);
    });

    it("An ended instance keeps its CPU-seconds and loses its memory", () => {
        const totals = new UsageTotals();
        totals.apply("node", [sample("a", 7, 30), sample("b", 1, 20)]);
        totals.apply("node", [sample("b", 2, 25)]);
        expect(totals.report()).to.deep.equal([
            { component: "bmo", cpuSeconds: 9, memoryBytes: 25, peakMemoryBytes: 50, instances: 1 },
        ]);
        totals.apply("node", []);
        expect(totals.report()).to.deep.equal([
            { component: "bmo", cpuSeconds: 9, memoryBytes: 0, peakMemoryBytes: 50, instances: 0 },
        ]);
        expect([...totals.runningSources()]).to.deep.equal([]);
    });

    it("A sample of one source does not end the instances of another", () => {
        const totals = new UsageTotals();
        totals.apply("one", [sample("a", 1, 5)]);
        totals.apply("two", [sample("a", 2, 6)]);
        expect(totals.report()[0]).to.deep.include({ cpuSeconds: 3, memoryBytes: 11, instances: 2 });
    });

    it("CPU-seconds from before a restart in the same place are kept", () => {
        const totals = new UsageTotals();
        totals.apply("docker", [sample("c", 50)], true);
        totals.apply("docker", [sample("c", 60)]);
        totals.apply("docker", [sample("c", 3)]);
        totals.apply("docker", [sample("c", 4)]);
        expect(cpu(totals)).to.deep.equal({ bmo: 14 });
    });

    it("A restart before the window leaves nothing in it", () => {
        const totals = new UsageTotals();
        totals.apply("docker", [sample("c", 50)]);
        totals.apply("docker", [sample("c", 3)]);
        totals.beginWindow();
        totals.apply("docker", [sample("c", 5)]);
        expect(cpu(totals)).to.deep.equal({ bmo: 2 });
    });

    it("Components come with most CPU first, and those with equal CPU by name", () => {
        const totals = new UsageTotals();
        totals.apply("node", [sample("a", 1, 0, "kcp"), sample("b", 9, 0, "etcd"), sample("c", 1, 0, "bmo")]);
        expect(totals.report().map(({ component }) => component)).to.deep.equal(["etcd", "bmo", "kcp"]);
    });

    it("A remainder is never less than nothing: the total and the instances are not read at one moment", () => {
        const totals = new UsageTotals();
        totals.apply("n", [{ key: "/kubepods", owner: "pods", cpuSeconds: 5, memoryBytes: 10 }, sample("a", 6, 11)]);
        expect(totals.report().find(({ component }) => component === "pods, short-lived")).to.include({
            cpuSeconds: 0,
            memoryBytes: 0,
        });
    });

    it("A new window begins at the last sample, with no CPU-seconds and with the memory of now as its peak", () => {
        const totals = new UsageTotals();
        totals.apply("node", [sample("a", 10, 90), sample("gone", 4, 10)]);
        totals.apply("node", [sample("a", 12, 40)]);
        totals.beginWindow();
        expect(totals.report()).to.deep.equal([
            { component: "bmo", cpuSeconds: 0, memoryBytes: 40, peakMemoryBytes: 40, instances: 1 },
        ]);
        totals.apply("node", [sample("a", 13, 45), sample("later", 2, 1)]);
        expect(totals.report()).to.deep.equal([
            { component: "bmo", cpuSeconds: 3, memoryBytes: 46, peakMemoryBytes: 46, instances: 2 },
        ]);
    });

    it("A component that returns in a later window has no peak from before it", () => {
        const totals = new UsageTotals();
        totals.apply("node", [sample("a", 1, 90)]);
        totals.apply("node", []);
        totals.beginWindow();
        totals.apply("node", [sample("b", 1, 20)]);
        expect(totals.report()[0]).to.include({ memoryBytes: 20, peakMemoryBytes: 20 });
    });

    it("The peak of a component is its greatest sum at one time, not the sum of its instances' peaks", () => {
        const totals = new UsageTotals();
        totals.apply("node", [sample("a", 1, 100), sample("b", 1, 10)]);
        totals.apply("node", [sample("a", 1, 10), sample("b", 1, 80)]);
        expect(totals.report()[0]?.peakMemoryBytes).to.equal(110);
    });

    it("A container that is described late counts in full with its component", () => {
        const totals = new UsageTotals();
        totals.apply("node", [sample("a", 1, 1, "unnamed")]);
        totals.apply("node", [sample("a", 2, 1, "kcp")]);
        expect(cpu(totals)).to.deep.equal({ kcp: 2 });
    });

    it("Usage of the node and of its pods that no instance accounts for has components of its own", () => {
        const total = (key: string, owner: "node" | "pods", cpuSeconds: number, memoryBytes: number): Sample => ({
            key,
            owner,
            cpuSeconds,
            memoryBytes,
        });
        const totals = new UsageTotals();
        totals.apply(
            "n",
            [
                total("/", "node", 100, 1000),
                total("/kubepods", "pods", 40, 400),
                sample("a", 30, 300),
                { ...sample("p", 50, 500, "etcd"), owner: "node" },
            ],
            true,
        );
        totals.apply("n", [
            total("/", "node", 130, 1500),
            total("/kubepods", "pods", 55, 500),
            sample("a", 43, 450),
            { ...sample("p", 58, 700, "etcd"), owner: "node" },
        ]);
        expect(totals.report()).to.deep.equal([
            { component: "bmo", cpuSeconds: 13, memoryBytes: 450, peakMemoryBytes: 450, instances: 1 },
            { component: "etcd", cpuSeconds: 8, memoryBytes: 700, peakMemoryBytes: 700, instances: 1 },
            { component: "node, other", cpuSeconds: 7, memoryBytes: 300, peakMemoryBytes: 300, instances: 0 },
            { component: "pods, short-lived", cpuSeconds: 2, memoryBytes: 50, peakMemoryBytes: 100, instances: 0 },
        ]);
    });
});
