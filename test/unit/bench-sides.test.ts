import { expect } from "chai";
import { sidesOf, sideText } from "../../cli/bench/compare/sides";
import type { BenchOptions } from "../../cli/bench/options";

const OPTIONS = {
    grow: false,
    reference: false,
    underLoad: false,
    set: ["wait=hosts"],
    record: true,
    compareNoRecord: false,
} as unknown as BenchOptions;

describe("the two sides of a comparison", () => {
    it("are one where nothing is compared", () => {
        expect(sidesOf(OPTIONS)).to.deep.equal([{ settings: { wait: "hosts" }, isRecorded: true }]);
    });

    it("have the common configuration, and B its own besides", () => {
        const [a, b] = sidesOf({ ...OPTIONS, compare: ["conductors=3", "wait=none"] });
        expect(a).to.deep.equal({ name: "A", settings: { wait: "hosts" }, isRecorded: true });
        expect(b).to.deep.equal({ name: "B", settings: { wait: "none", conductors: "3" }, isRecorded: true });
        expect(sideText(b as NonNullable<typeof b>)).to.equal("wait=none, conductors=3");
        expect(sideText({ settings: {}, isRecorded: true })).to.equal("as it is");
    });

    it("may differ by the record alone, or have none", () => {
        const [a, b] = sidesOf({ ...OPTIONS, compareNoRecord: true });
        const same = { settings: { wait: "hosts" } };
        expect([a, b]).to.deep.equal([
            { name: "A", ...same, isRecorded: true },
            { name: "B", ...same, isRecorded: false },
        ]);
        expect(sideText(b as NonNullable<typeof b>)).to.equal("wait=hosts, without a record");
        const without = sidesOf({ ...OPTIONS, record: false, compare: ["conductors=3"] });
        expect(without.map(({ isRecorded }) => isRecorded)).to.deep.equal([false, false]);
    });

    it("are refused where labs are not made anew, and where there is no checkout", () => {
        for (const other of ["grow", "reference", "underLoad"]) {
            expect(() => sidesOf({ ...OPTIONS, compare: ["a=b"], [other]: true }), other).to.throw(
                /^--compare, .*exclude/,
            );
        }
        expect(() => sidesOf({ ...OPTIONS, compareCheckout: "/nowhere" })).to.throw(
            "--compare-checkout: /nowhere: is no checkout of this program",
        );
    });
});
