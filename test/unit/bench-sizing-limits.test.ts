import { expect } from "chai";
import * as fc from "fast-check";
import { sizingFigures, type SizingFigures } from "../../cli/bench/sizing/figures";
import { broken, LIMITS, sizings, sizingText } from "../../cli/bench/sizing/limits";
import { passSeconds } from "../../cli/bench/sizing/pass";
import type { Sighting } from "../../cli/bench/sizing/row";
import { summary } from "../../cli/bench/summary";
import { at, figures, MIB, row } from "./bench-sizing-points";

describe("the figures of a point", () => {
    it("are a conductor's share of what all of them used, and the slowest conductor's power sync", () => {
        const found = sizingFigures(row());
        expect(found).to.deep.include({
            hostsPerConductor: 50,
            enrolledPerMinute: 30.25,
            enrolmentCores: 0.3,
            conductorCores: 0.25,
            conductorBytes: 320 * MIB,
            databaseCores: 0.1,
            machineCores: 0.75,
            passSeconds: 6,
            unseen: 0,
        });
        expect(found.enrolledSeconds).to.include({ median: 20, p95: 42 });
        expect(found.listingMs).to.include({ median: 60, p95: 70 });
        expect(found.oneNodeMs).to.include({ median: 6, max: 7 });
        expect(found.lagSeconds).to.include({ median: 47, max: 67 });
    });

    it("of what was not measured are absent", () => {
        const { nodes, conductors, powerSync, began, intervalSeconds } = row();
        expect(sizingFigures({ nodes, conductors, powerSync, began, intervalSeconds })).to.deep.equal({
            nodes,
            conductors,
            powerSync,
            intervalSeconds,
            hostsPerConductor: 50,
        });
    });

    it("count the changed hosts that no power sync found", () => {
        const [first, ...others] = row().sightings ?? [];
        const sightings = [{ ...(first as Sighting), seen: null }, ...others];
        expect(sizingFigures(row({ sightings }))).to.include({ unseen: 1, passSeconds: 6 });
    });
});

describe("how long a power sync takes", () => {
    const INTERVAL = 120;
    const sightings = (...seen: (number | null)[]): Sighting[] =>
        seen.map((seconds, index) => ({
            node: String(index),
            conductor: "one",
            position: index * 10,
            changed: at(0),
            seen: seconds === null ? null : at(seconds),
        }));

    it("is the time from its first host to its last one", () => {
        expect(passSeconds(sightings(40, 45, 50, 55), INTERVAL)).to.equal(15);
        // Workers side by side: neighbours are found in the other order.
        expect(passSeconds(sightings(40, 46, 45, 55), INTERVAL)).to.equal(15);
        expect(passSeconds(sightings(42, 40, 43, 41), INTERVAL)).to.equal(3);
    });

    it("is known as well when the change came while a power sync was under way", () => {
        // The third host and the fourth are found at once, the others an interval later.
        expect(passSeconds(sightings(112, 117, 2, 7), INTERVAL)).to.equal(15);
    });

    it("is told by the hosts that were found, and not by fewer than two of one power sync", () => {
        expect(passSeconds(sightings(40, null, 50, 55), INTERVAL)).to.equal(15);
        expect(passSeconds(sightings(40, null, null, null), INTERVAL)).to.equal(undefined);
        expect(passSeconds(sightings(118, 3), INTERVAL)).to.equal(undefined);
        expect(passSeconds([], INTERVAL)).to.equal(undefined);
    });

    it("comes out alike whenever the change came, while it is shorter than half an interval", () => {
        const pass = fc.double({ min: 0.1, max: 55, noNaN: true });
        fc.assert(
            fc.property(pass, fc.double({ min: 0, max: 1, noNaN: true }), (seconds, phase) => {
                // Four hosts at equal distances; the change comes at some moment of the interval.
                const change = phase * INTERVAL;
                const seen = [0, 1, 2, 3].map((index) => {
                    const look = (index * seconds) / 3;
                    return look >= change ? look - change : look + INTERVAL - change;
                });
                expect(passSeconds(sightings(...seen), INTERVAL)).to.be.closeTo(seconds, 0.02);
            }),
        );
    });
});

describe("the hosts that a conductor bears", () => {
    const slow = { passSeconds: 130 };

    it("are those of the largest point at which all limits hold, and below every point at which one does not", () => {
        const points = [figures({ nodes: 100 }), figures({ nodes: 300 }), figures({ nodes: 1000, ...slow })];
        expect(sizings(points)).to.deep.equal([
            {
                powerSync: "published",
                intervalSeconds: 120,
                holds: 300,
                breaks: { hostsPerConductor: 1000, limits: ["power sync"] },
            },
        ]);
        expect(sizings(points).map(sizingText)).to.deep.equal([
            "power sync every 120 s: 300 hosts a conductor; with 1000 these limits do not hold: power sync",
        ]);
    });

    it("are not reached where all limits hold everywhere", () => {
        const points = [figures({ nodes: 300, conductors: 1 }), figures({ nodes: 1000, conductors: 4 })];
        expect(sizings(points).map(sizingText)).to.deep.equal([
            "power sync every 120 s: the most hosts of a conductor were not reached: at least 300",
        ]);
    });

    it("are fewer than measured where no point holds, and unknown where nothing was measured to its end", () => {
        const lag = { unseen: 1, listingMs: summary([1500]) };
        expect(sizings([figures(lag)]).map(sizingText)).to.deep.equal([
            "power sync every 120 s: fewer than 100 hosts a conductor; " +
                "with 100 these limits do not hold: sync lag, API",
        ]);
        const { conductorCores, ...unfinished } = figures();
        expect(conductorCores).to.equal(0.1);
        expect(sizings([unfinished]).map(sizingText)).to.deep.equal([
            "power sync every 120 s: nothing was measured to its end",
        ]);
    });

    it("differ by power sync, in the same order", () => {
        const lab = { powerSync: "lab" as const, intervalSeconds: 900 };
        expect(
            sizings([figures(slow), figures({ ...lab, ...slow })]).map(({ powerSync, holds }) => [powerSync, holds]),
        ).to.deep.equal([
            ["lab", 100],
            ["published", undefined],
        ]);
        expect(sizings([])).to.deep.equal([]);
    });

    const limitBreaks: [string, Partial<SizingFigures>, Partial<SizingFigures>][] = [
        ["power sync", { passSeconds: 120 }, { passSeconds: 119 }],
        ["sync lag", { lagSeconds: summary([132]) }, { lagSeconds: summary([131]) }],
        ["sync lag", { unseen: 1 }, { unseen: 0 }],
        ["API", { listingMs: summary([1000]) }, { listingMs: summary([999]) }],
        ["CPU at rest", { conductorCores: 0.8 }, { conductorCores: 0.79 }],
        ["CPU of enrolment", { enrolmentCores: 0.8 }, { enrolmentCores: 0.79 }],
    ];
    for (const [name, beyond, within] of limitBreaks) {
        it(`end at the limit "${name}" with ${JSON.stringify(beyond)}`, () => {
            expect(broken(figures(beyond))).to.deep.equal([name]);
            expect(broken(figures(within))).to.deep.equal([]);
        });
    }

    it("have a row of that table for each limit", () => {
        expect([...new Set(limitBreaks.map(([name]) => name))]).to.deep.equal(LIMITS.map(({ name }) => name));
    });

    const point = fc
        .record({
            nodes: fc.integer({ min: 1, max: 2000 }),
            conductors: fc.integer({ min: 1, max: 4 }),
            passSeconds: fc.integer({ min: 1, max: 200 }),
            conductorCores: fc.double({ min: 0, max: 1, noNaN: true }),
        })
        .map(figures);
    const points = fc.array(point, { minLength: 1, maxLength: 12 });
    const only = (all: SizingFigures[]) => sizings(all)[0] as NonNullable<ReturnType<typeof sizings>[0]>;

    it("never lie at or above a point with a broken limit, and were measured themselves", () => {
        fc.assert(
            fc.property(points, (all) => {
                const { holds = 0, breaks } = only(all);
                const failed = all.filter((each) => broken(each).length > 0);
                expect(breaks === undefined).to.equal(failed.length === 0);
                expect(failed.every(({ hostsPerConductor }) => hostsPerConductor > holds)).to.equal(true);
                expect(holds === 0 || all.some(({ hostsPerConductor }) => hostsPerConductor === holds)).to.equal(true);
            }),
        );
    });

    it("do not depend on the order of the points, and never rise with a further one that breaks a limit", () => {
        fc.assert(
            fc.property(points, point, (all, further) => {
                expect(only([...all].reverse()).holds).to.equal(only(all).holds);
                const more = only([...all, { ...further, ...slow }]);
                expect(more.holds ?? 0).to.be.at.most(only(all).holds ?? 0);
            }),
        );
    });
});
