import { expect } from "chai";
import * as fc from "fast-check";
import { summary } from "../../cli/bench/summary";

describe("median, 95th and 99th percentile and maximum", () => {
    type Known = number | null;
    const table: [values: number[], median: Known, p95: Known, p99: Known, max: Known][] = [
        [[], null, null, null, null],
        [[4], 4, 4, 4, 4],
        [[9, 1], 5, 9, 9, 9],
        [[3, 1, 2], 2, 3, 3, 3],
        [Array.from({ length: 20 }, (_, index) => index + 1), 10.5, 19, 20, 20],
        [Array.from({ length: 100 }, (_, index) => 100 - index), 50.5, 95, 99, 100],
    ];
    for (const [values, median, p95, p99, max] of table) {
        it(`The figures of ${values.length} values are those of the definition`, () => {
            expect(summary(values)).to.deep.equal({ count: values.length, median, p95, p99, max });
        });
    }

    it("At least 95 % of the values do not exceed the 95th percentile, and fewer do not reach it", () => {
        fc.assert(
            fc.property(fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1 }), (values) => {
                const { median, p95, max } = summary(values) as { median: number; p95: number; max: number };
                const share = (keep: (value: number) => boolean): number => values.filter(keep).length / values.length;
                expect(values).to.include(p95);
                expect(share((value) => value <= p95)).to.be.at.least(0.95);
                expect(share((value) => value < p95)).to.be.below(0.95);
                expect(share((value) => value <= median)).to.be.at.least(0.5);
                expect(share((value) => value >= median)).to.be.at.least(0.5);
                expect(max).to.equal(Math.max(...values));
            }),
        );
    });
});
