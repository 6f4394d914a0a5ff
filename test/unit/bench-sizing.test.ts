import { expect } from "chai";
import * as fc from "fast-check";
import type { BenchOptions } from "../../cli/bench/options";
import { planOf, settingsOf } from "../../cli/bench/sizing/lab";
import { checkSizing, sizingPlan } from "../../cli/bench/sizing/options";
import type { SizingPoint } from "../../cli/bench/sizing/row";
import { restSeconds, sightingSeconds, sizingSteps, waitingSeconds } from "../../cli/bench/sizing/steps";

const HERE = { isHere: true };
const OPTIONS = {
    sizing: true,
    grow: false,
    reference: false,
    underLoad: false,
    runs: 1,
    idle: 0,
} as unknown as BenchOptions;

const refusal = (given: Partial<BenchOptions>, set: Record<string, string> = {}, place = HERE): string => {
    try {
        checkSizing({ ...OPTIONS, ...given }, set, place);
        return "";
    } catch (error) {
        return (error as Error).message;
    }
};

describe("the options of --sizing", () => {
    it("have defaults for hosts, conductors and power syncs", () => {
        expect(sizingPlan(OPTIONS)).to.deep.equal({
            nodes: [100, 300],
            conductors: [1, 2, 4],
            powerSyncs: ["lab", "published"],
        });
        const given = { nodes: [6, 10], conductors: [3], powerSync: ["published" as const] };
        expect(sizingPlan({ ...OPTIONS, ...given })).to.deep.equal({
            nodes: [6, 10],
            conductors: [3],
            powerSyncs: ["published"],
        });
        expect(refusal({})).to.equal("");
        expect(refusal(given)).to.equal("");
    });

    it("are refused with every other way to measure, all in one message", () => {
        const all: Partial<BenchOptions> = {
            clusters: [1],
            grow: true,
            underLoad: true,
            reference: true,
            compare: ["a=b"],
            compareCheckout: "/there",
            runs: 2,
            thresholds: "limits.yaml",
            junit: "limits.xml",
            idle: 60,
        };
        const lines = refusal(all).split("\n");
        expect(lines.map((line) => /^(--[a-z-]+): not with --sizing: ./.exec(line)?.[1])).to.deep.equal([
            "--clusters",
            "--grow",
            "--under-load",
            "--reference",
            "--compare",
            "--compare-checkout",
            "--runs",
            "--thresholds",
            "--junit",
            "--idle",
        ]);
    });

    it("are refused where CPU or BMCs are out of reach, and with keys that a point sets", () => {
        const set = { substrate: "existing", fakeNodes: "kubernetes", without: "[]", conductors: "3" };
        expect(refusal({}, set, { isHere: false })).to.match(
            /^--set conductors=3: .*\n--set without=\[\]: .*\n--set substrate=existing: .*\n--set fakeNodes=/,
        );
        expect(refusal({}, { cleaning: "metadata" })).to.equal("");
    });

    it("want sizes that rise, with two hosts for each conductor, and no number twice", () => {
        expect(refusal({ nodes: [100, 300, 300] })).to.equal(
            "--nodes: 100,300,300: must rise, because each lab grows through them",
        );
        expect(refusal({ nodes: [7, 8], conductors: [1, 4] })).to.equal(
            "--nodes: 7: must be 8 or more for 4 conductors, 2 for each",
        );
        expect(refusal({ conductors: [0, 0] })).to.equal(
            "--conductors: 0,0: each must be 1 or more\n--conductors: 0,0: must not repeat a number",
        );
        expect(refusal({ powerSync: ["lab", "lab"] })).to.equal("--power-sync: lab,lab: must not repeat a word");
    });

    it("that belong to --sizing are refused without it", () => {
        expect(refusal({ sizing: false, conductors: [1], powerSync: ["lab"] })).to.match(
            /^--conductors: only with --sizing.*\n--power-sync: only with --sizing$/,
        );
        expect(refusal({ sizing: false, clusters: [1], idle: 60 }, { conductors: "3" })).to.equal("");
    });
});

describe("a point of --sizing", () => {
    const point: SizingPoint = { nodes: 100, conductors: 4, powerSync: "published" };

    it("differs from the lab as it is by one deviation with the published power sync, and by none with its own", () => {
        const published = planOf(point, {}, "bench");
        const lab = planOf({ ...point, powerSync: "lab" }, {}, "bench");
        expect(published.profile).to.deep.equal({ ...lab.profile, syncPowerStateInterval: 120 });
        expect(lab.profile.syncPowerStateInterval).to.equal(900);
        expect([published.conductors.length, published.hosts.length, published.clusters.length]).to.deep.equal([
            4, 100, 0,
        ]);
    });

    it("keeps what is configured for all points", () => {
        expect(settingsOf(point, { cleaning: "metadata" })).to.deep.equal({
            cleaning: "metadata",
            nodes: "100",
            clusters: "0",
            conductors: "4",
            without: '["ironic-power-sync"]',
        });
    });

    it("that cannot work is refused with key, value and rule", () => {
        expect(() => planOf({ ...point, conductors: 51 }, {}, "bench")).to.throw(
            /conductors = "?51"?: must be a whole number from 1 to 50/,
        );
    });
});

describe("the way through all points", () => {
    const both = { nodes: [100, 300], conductors: [1, 2], powerSyncs: ["lab", "published"] as const };

    it("grows a fresh lab for each number of conductors, and goes back to the first power sync before it grows", () => {
        const one = { nodes: 100, conductors: 1 };
        expect(sizingSteps({ ...both, conductors: [1] }, false)).to.deep.equal([
            { do: "begin" },
            { do: "measure", point: { ...one, powerSync: "lab" }, grownFrom: 0 },
            { do: "measure", point: { ...one, powerSync: "published" } },
            { do: "bring", point: { ...one, powerSync: "lab" } },
            { do: "measure", point: { ...one, nodes: 300, powerSync: "lab" }, grownFrom: 100 },
            { do: "measure", point: { ...one, nodes: 300, powerSync: "published" } },
            { do: "end" },
        ]);
    });

    it("with one power sync changes nothing but the hosts, and keeps the last lab if told to", () => {
        const steps = sizingSteps({ ...both, powerSyncs: ["published"] }, true);
        expect(steps.map((step) => step.do)).to.deep.equal([
            ...["begin", "measure", "measure", "end"],
            ...["begin", "measure", "measure"],
        ]);
        expect(sizingSteps({ ...both, powerSyncs: [] }, false)).to.deep.equal([]);
    });

    it("measures each point once, and grows a lab from the hosts that it has", () => {
        const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 999 }), { minLength: 1, maxLength: 4 });
        const syncs = fc.constantFrom(["lab"] as const, ["published", "lab"] as const);
        fc.assert(
            fc.property(numbers, numbers, syncs, (hosts, conductors, powerSyncs) => {
                const nodes = hosts.sort((a, b) => a - b);
                const steps = sizingSteps({ nodes, conductors, powerSyncs }, false);
                const points = steps.flatMap((step) => (step.do === "measure" ? [JSON.stringify(step.point)] : []));
                expect(points).to.have.length(nodes.length * conductors.length * powerSyncs.length);
                expect(new Set(points).size).to.equal(points.length);
                let has = 0;
                for (const step of steps) {
                    if (step.do === "begin" || step.do === "end") {
                        has = 0;
                    } else if (step.do === "measure" && step.grownFrom !== undefined) {
                        expect(step.grownFrom).to.equal(has);
                        expect(step.point.powerSync).to.equal(powerSyncs[0]);
                        has = step.point.nodes;
                    } else {
                        expect(step.point.nodes).to.equal(has);
                    }
                }
            }),
        );
    });

    it("says how long the labs are at rest: two power syncs, one more to be seen, and the pauses", () => {
        const interval = ({ powerSync }: SizingPoint): number => (powerSync === "lab" ? 900 : 120);
        expect(restSeconds(120)).to.equal(240);
        expect(sightingSeconds(120)).to.be.above(120);
        expect(waitingSeconds(sizingSteps(both, false), interval)).to.equal(4 * (3 * 900 + 240 + 3 * 120 + 240));
    });
});
