import { expect } from "chai";
import { figuresOf } from "../../cli/report/figures/figures";
import { plotsOf } from "../../cli/report/plots/plots";
import { reported } from "../../cli/report/report";
import { factsOf, verdictLine } from "../../cli/report/words";
import { LINES, sample } from "./record-samples";

/** The sample's 20 hosts and 10 clusters came to a lab that had 30 and 5. */
const GROWN = { hosts: 50, clusters: 15, existing: 30, existingClusters: 5 };
const without = (kind: "hosts" | "clusters") =>
    LINES.map((line) => (line.line === "objects" && line.kind === kind ? { ...line, objects: [] } : line));

const value = (record: ReturnType<typeof sample>, name: string): unknown =>
    figuresOf(record).find((figure) => figure.name === name)?.measured;
const table = (record: ReturnType<typeof sample>, id: string): (string | number)[][] =>
    plotsOf([{ label: "", record }]).find((plot) => plot.id === id)?.table.rows ?? [];
const reading = (record: ReturnType<typeof sample>, id: string): string =>
    plotsOf([{ label: "", record }]).find((plot) => plot.id === id)?.reading ?? "";

describe("The report of a lab that grew", () => {
    const grown = sample(LINES, GROWN);

    it("divides what the run took by the hosts that came with it", () => {
        expect(value(grown, "cpu.host")).to.equal(value(sample(), "cpu.host"));
        expect(value(grown, "cpu.host")).to.equal(6.5);
        expect(value(grown, "cpu.component.kube-apiserver")).to.equal(3);
        expect(table(grown, "e")).to.deep.equal(table(sample(), "e"));
    });

    it("says how much came, and what was there before", () => {
        const run = reported("", grown, []);
        expect(run).to.deep.include({ hosts: 50, clusters: 15, existing: { hosts: 30, clusters: 5 } });
        expect(verdictLine(run)).to.match(
            /^all of 20 more hosts and 10 more clusters were where they should be after /,
        );
        expect(factsOf(run)).to.deep.include.members([
            ["there before", "30 hosts and 5 clusters"],
            ["in the end", "50 hosts and 15 clusters"],
        ]);
        expect(factsOf(reported("", sample(), [])).map(([name]) => name)).to.not.include("there before");
        expect(reading(grown, "a")).to.match(/^20 of 20 more hosts were .*, and 10 of 10 more clusters were /);
    });

    it("counts the hosts that were there where a plot goes by their number", () => {
        const inPlace = (of: string): unknown[] =>
            table(grown, "b")
                .filter(([series]) => series === of)
                .map(([, count]) => count);
        expect([inPlace("hosts")[0], inPlace("hosts").at(-1)]).to.deep.equal([32, 50]);
        expect(inPlace("clusters").at(-1)).to.equal(15);
    });

    it("reaches its goal with the hosts where no cluster came, and with the clusters where no host did", () => {
        const hostsAlone = sample(without("clusters"), { hosts: 50, clusters: 5, existing: 30, existingClusters: 5 });
        expect(value(hostsAlone, "goal")).to.equal(88);
        expect(verdictLine(reported("", hostsAlone, []))).to.match(/^all of 20 more hosts and 0 more clusters were /);
        const clustersAlone = sample(without("hosts"), { hosts: 30, clusters: 15, existing: 30, existingClusters: 5 });
        expect(value(clustersAlone, "goal")).to.equal(71);
        expect(value(clustersAlone, "cpu.host")).to.equal(13);
    });
});
