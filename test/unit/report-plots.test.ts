import { expect } from "chai";
import type { RecordLine } from "../../cli/record/lines";
import type { Plot, Row } from "../../cli/report/plots/plot";
import { thinned } from "../../cli/report/plots/plot";
import { plotsOf } from "../../cli/report/plots/plots";
import { distribution } from "../../cli/report/plots/stages";
import { cluster, LINES, sample } from "./record-samples";

const one = plotsOf([{ label: "", record: sample() }]);
const two = plotsOf([
    { label: "A", record: sample() },
    { label: "B", record: sample(LINES, { hosts: 40 }) },
]);
const plot = (all: readonly Plot[], id: string): Plot => all.find((each) => each.id === id) as Plot;
/** The rows of all data of a plot. */
const data = ({ spec }: Plot): Row[] =>
    JSON.stringify(spec)
        .split('"values":')
        .slice(1)
        .flatMap((rest) => JSON.parse(rest.slice(0, rest.indexOf("]") + 1)) as Row[]);

describe("The plots of a report", () => {
    it("are eight, always in the same order, each with a sentence and a table", () => {
        for (const all of [one, two]) {
            expect(all.map(({ id }) => id).join("")).to.equal("abcdefgh");
            for (const { id, reading, spec, table } of all) {
                expect(reading, id).to.match(/^\S.*\.$/);
                expect(spec, id).to.be.an("object");
                expect(table.rows.length, id).to.be.above(0);
                expect(new Set(table.rows.map((row) => row.length)), id).to.deep.equal(new Set([table.columns.length]));
            }
        }
    });

    it("name a phase only where its name has room before the next one's", () => {
        const named = (all: readonly Plot[]): unknown[] =>
            data(plot(all, "a"))
                .filter(({ kind }) => kind === "phase")
                .map(({ phase }) => phase);
        // The last host is provisioned at 188 s; the last cluster is Available soon after, or before it.
        const slow = cluster(9);
        const late = { ...slow, events: { ...slow.events, available: 192 } };
        const objects: RecordLine = { line: "objects", kind: "clusters", objects: [late] };
        expect(named(one)).to.deep.equal(["until all available", "until all provisioned"]);
        expect(named(plotsOf([{ label: "", record: sample([...LINES, objects]) }]))).to.deep.equal([
            "until all available",
            "until all provisioned",
            "",
        ]);
    });

    it("say so where a run has not recorded what they would show", () => {
        for (const { id, reading, spec, table } of plotsOf([{ label: "", record: sample([]) }])) {
            expect(reading, id).to.match(/^Not recorded: .*\.$/);
            expect([spec, table.rows.length], id).to.deep.equal([null, 0]);
        }
    });

    it("show the states that were sampled, counted from the first host", () => {
        const { reading, table } = plot(one, "a");
        expect(reading).to.equal(
            "20 of 20 hosts were provisioned after 88 s, and 10 of 10 clusters were Available after 71 s. " +
                "The dashed line is the clusters that are Available.",
        );
        expect(table.columns).to.deep.equal([
            ...["minutes", "queued", "registering", "available", "provisioning", "provisioned", "clusters Available"],
        ]);
        expect(table.rows).to.deep.equal([
            ["0.0", 15, 5, 0, 0, 0, 0],
            ["0.7", 0, 0, 12, 8, 0, 0],
            ["1.5", 0, 0, 0, 0, 20, 10],
        ]);
    });

    it("derive the states from the events where they were not sampled", () => {
        const unsampled = LINES.filter(({ line }) => line !== "fleet");
        const { table } = plot(plotsOf([{ label: "", record: sample(unsampled) }]), "a");
        expect(table.rows.at(-1)).to.include(20);
        expect(
            table.rows.map((row) => row.slice(1, -1).reduce((sum, count) => Number(sum) + Number(count), 0)),
        ).to.satisfy((sums: number[]) => sums.every((sum, index) => index === 0 || sum >= (sums[index - 1] as number)));
    });

    it("show throughput, and how it bends", () => {
        const { table } = plot(one, "b");
        expect(table.rows.filter(([of]) => of === "hosts")).to.have.length(10);
        expect(table.rows.filter(([of]) => of === "clusters")).to.have.length(5);
        expect(table.rows[1]).to.deep.equal(["hosts", 4, "30.0"]);
    });

    it("show the share of objects that a stage has left", () => {
        expect(distribution([3, 1, 1, 2])).to.deep.equal([
            { seconds: 1, share: 0.5 },
            { seconds: 2, share: 0.75 },
            { seconds: 3, share: 1 },
        ]);
        expect(plot(one, "c").reading).to.equal(
            "The longest stage is provision of hosts: half of them took 29.5 s at most, 95 % 38 s.",
        );
        for (const row of data(plot(one, "c"))) {
            expect(row["seconds"]).to.be.at.least(0.5);
        }
    });

    it("show the way of the object in the middle, and of a slow one, whose stages follow each other", () => {
        const { table } = plot(one, "d");
        const median = table.rows.filter(([which]) => which === "median of hosts");
        expect(median.map((row) => row.slice(1))).to.deep.equal([
            ["host-0009", "register", "0 s", "5 s", "5 s"],
            ["host-0009", "inspect", "5 s", "15 s", "10 s"],
            ["host-0009", "prepare", "15 s", "30 s", "15 s"],
            ["host-0009", "provision", "30 s", "59 s", "29 s"],
        ]);
        expect(table.rows.filter(([which]) => which === "p95 of clusters")).to.have.length(3);
    });

    it("show CPU by component, in cores and for a host, and what memory a host takes", () => {
        expect(plot(one, "e").table.rows).to.deep.equal([
            ["kube-apiserver", "3.000", "60.0"],
            ["ironic http", "2.000", "40.0"],
        ]);
        expect(
            data(plot(one, "e")).filter(({ series, cores }) => series === "kube-apiserver" && cores !== undefined),
        ).to.deep.equal([
            { run: "", series: "kube-apiserver", place: 0, minutes: 40 / 60, cores: 0.75 },
            { run: "", series: "kube-apiserver", place: 0, minutes: 1.5, cores: 0.6 },
        ]);
        const [apiserver, http] = plot(one, "f").table.rows;
        expect([apiserver?.[0], apiserver?.[1], http?.[2]]).to.deep.equal(["kube-apiserver", "1 GiB", "0.000"]);
        expect(Number(apiserver?.[2])).to.be.above(5);
    });

    it("show latencies by the number of hosts, with the objective", () => {
        const { spec, table } = plot(one, "g");
        expect(JSON.stringify(spec)).to.include("objective of Kubernetes for writes and GETs: 1 s");
        expect(table.rows.filter(([answers]) => answers === "Ironic, one node")).to.deep.equal([
            ["Ironic, one node", 10, 1, "20 ms", "20 ms", "20 ms"],
            ["Ironic, one node", 20, 1, "30 ms", "30 ms", "30 ms"],
        ]);
    });

    it("show the queues of each controller", () => {
        expect(plot(one, "h").table.rows).to.deep.equal([["capi core", "3", "7", "100 ms", "982 ms"]]);
    });

    it("of a comparison name the run in each row", () => {
        for (const { id, table } of two) {
            expect(table.columns[0], id).to.equal("run");
            expect(new Set(table.rows.map(([run]) => run)), id).to.deep.equal(new Set(["A", "B"]));
        }
    });
});

describe("A list that is thinned", () => {
    it("keeps its first and its last", () => {
        const all = Array.from({ length: 1000 }, (_, index) => index);
        const few = thinned(all, 10);
        expect([few.length, few[0], few.at(-1)]).to.deep.equal([10, 0, 999]);
        expect(thinned([1, 2], 10)).to.deep.equal([1, 2]);
    });
});
