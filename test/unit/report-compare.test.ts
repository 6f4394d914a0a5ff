import { expect } from "chai";
import fc from "fast-check";
import { band, deltas, type Delta } from "../../cli/report/compare";
import type { Figure } from "../../cli/report/figures/figures";

const figure = (measured: number | null, facts: Partial<Figure> = {}): Figure => ({
    name: "goal",
    group: "cost",
    meaning: "",
    unit: "s",
    moreIsBetter: false,
    measured,
    ...facts,
});

const one = (a: readonly (number | null)[], b: readonly (number | null)[], facts: Partial<Figure> = {}): Delta => {
    const of = (values: readonly (number | null)[]): Figure[][] => values.map((value) => [figure(value, facts)]);
    return deltas(of(a), of(b))[0] as Delta;
};

describe("A comparison of two labs", () => {
    const table: [what: string, found: Delta, says: string][] = [
        ["a change within 5 % of single runs", one([100], [104]), "no difference seen"],
        ["a longer time", one([100], [110]), "worse, notable"],
        ["a much longer time", one([100], [120]), "worse, significant"],
        ["a shorter time", one([100], [90]), "better, notable"],
        ["a little more CPU", one([100], [108], { unit: "CPU-s" }), "worse, minor"],
        ["more CPU", one([100], [120], { unit: "CPU-s" }), "worse, notable"],
        ["a higher rate", one([100], [120], { unit: "/min", moreIsBetter: true }), "better, notable"],
        ["nothing on both sides", one([0], [0]), "both 0"],
        ["something beside nothing", one([0], [3]), "worse: A is 0"],
        ["what only one side has recorded", one([null], [3]), "recorded on one side only"],
    ];
    for (const [what, found, says] of table) {
        it(`says of ${what}: ${says}`, () => {
            expect(found.says).to.equal(says);
        });
    }

    it("takes the noise from three runs of each side: what varies much has to differ much", () => {
        expect(one([80, 100, 120], [100, 120, 140]).says).to.equal("no difference seen");
        expect(one([99, 100, 101], [103, 104, 105]).says).to.equal("worse, small");
    });

    it("never takes less than 5 % for noise from fewer runs", () => {
        expect(one([100, 100], [104, 104]).says).to.equal("no difference seen");
    });

    it("says nothing of what neither side has recorded", () => {
        expect(deltas([[figure(null)]], [[figure(null)]])).to.deep.equal([]);
    });

    it("compares the middle and the 95th percentile of many measurements", () => {
        const many = (p50: number): Figure[] => [
            { ...figure(null), name: "hosts.available", measured: { n: 5, p50, p95: 40, p99: 50, max: 60 } },
        ];
        expect(deltas([many(10)], [many(20)]).map(({ name, says }) => [name, says])).to.deep.equal([
            ["hosts.available.p50", "worse, significant"],
            ["hosts.available.p95", "no difference seen"],
        ]);
    });

    it("sees no difference between a lab and itself", () => {
        const runs = fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 5 });
        fc.assert(
            fc.property(runs, (values) => {
                expect(one(values, values).says).to.equal("no difference seen");
            }),
        );
    });
});

describe("The band of a change", () => {
    it("of times is small to 5 %, notable to 15 %, significant above", () => {
        expect([0.05, 0.06, -0.15, 0.16].map((change) => band(change, true))).to.deep.equal([
            ...["small", "notable", "notable", "significant"],
        ]);
    });

    it("of all else is small to 5 %, minor to 10 %, notable to 25 %, significant above", () => {
        expect([0.05, 0.1, -0.25, 0.26].map((change) => band(change, false))).to.deep.equal([
            ...["small", "minor", "notable", "significant"],
        ]);
    });
});
