import { expect } from "chai";
import * as fc from "fast-check";
import { forecastSearch } from "../../cli/capacity/forecast";
import { judgement, refusal, refused } from "../../cli/capacity/lab";
import { LostError, search, type CapacityLab, type Rung, type SearchClock } from "../../cli/capacity/search";
import { foundText, rungLines, rungTable } from "../../cli/capacity/text";
import type { Judged } from "../../cli/report/limits/limit";
import { change, MACHINE, predictedOf, size } from "./prediction-samples";

const PLAN = { start: 50, most: 10_000, precision: 0.1 };
const CLOCK: SearchClock = { now: () => 0, isOver: () => false, isStopped: () => false };

/** A lab that holds so many hosts, and writes down what is done to it. */
function fakeLab(capacity: number, log: string[] = [], more: Partial<CapacityLab> = {}): CapacityLab {
    return {
        refused: () => undefined,
        fresh: async (hosts) => void log.push(`fresh ${hosts}`),
        grow: async (from, to) => {
            log.push(`${from} to ${to}`);
            return { holds: to <= capacity, says: [to <= capacity ? "PASS a" : "FAIL a"] };
        },
        ...more,
    };
}

async function searched(lab: CapacityLab, plan = PLAN, clock = CLOCK) {
    const rungs: Rung[] = [];
    const found = await search(plan, lab, clock, async (rung) => void rungs.push(rung));
    return { found, rungs };
}

describe("The search for the largest lab", () => {
    it("doubles one lab as long as it holds, then halves, each time from a lab of what held last", async () => {
        const log: string[] = [];
        const { found } = await searched(fakeLab(130, log));
        expect(found).to.deep.equal({ holds: 125, fails: 137, ended: "found" });
        expect(log).to.deep.equal([
            ...["fresh 0", "0 to 50", "50 to 100", "100 to 200"],
            ...["fresh 100", "100 to 150"],
            ...["fresh 100", "100 to 125", "125 to 137"],
        ]);
    });

    it("finds what holds to the precision, whatever that is, in a bounded number of rungs", async () => {
        await fc.assert(
            fc.asyncProperty(
                fc.integer({ min: 1, max: 12_000 }),
                fc.integer({ min: 1, max: 500 }),
                fc.integer({ min: 1, max: 50 }),
                async (capacity, start, percent) => {
                    const plan = { start, most: 10_000, precision: percent / 100 };
                    const { found, rungs } = await searched(fakeLab(capacity), plan);
                    expect(found.holds).to.be.at.most(capacity);
                    if (found.ended === "most") {
                        expect(found.holds).to.equal(10_000);
                    } else {
                        expect(found.fails).to.be.above(capacity);
                        const apart = (found.fails ?? 0) - found.holds;
                        expect(apart).to.be.at.most(Math.max(1, found.holds * plan.precision));
                    }
                    // Doubling from `start`, or halving down from it, and then halving what is between.
                    expect(rungs.length).to.be.at.most(2 * Math.ceil(Math.log2(10_000)) + 2);
                },
            ),
        );
    });

    it("says that nothing holds when not even one host does", async () => {
        const { found } = await searched(fakeLab(0));
        expect(found).to.deep.equal({ holds: 0, fails: 1, ended: "found" });
    });

    it("takes a rung that errs for one that does not hold, with the error, and goes on", async () => {
        const grow: CapacityLab["grow"] = async (_from, to) => {
            if (to > 60) {
                throw new Error("pulumi up ended with exit code 1");
            }
            return { holds: true, says: [] };
        };
        const { found, rungs } = await searched(fakeLab(0, [], { grow }));
        expect(found).to.deep.equal({ holds: 59, fails: 62, ended: "found" });
        expect(rungs[1]).to.deep.include({ hosts: 100, verdict: "fails", says: ["pulumi up ended with exit code 1"] });
    });

    it("refuses a rung without touching the lab, which goes on growing to what is below", async () => {
        const log: string[] = [];
        const refused: CapacityLab["refused"] = (hosts) => (hosts > 110 ? "too large" : undefined);
        const { found, rungs } = await searched(fakeLab(999, log, { refused }));
        expect(log).to.deep.equal(["fresh 0", "0 to 50", "50 to 100", "100 to 106"]);
        expect(found).to.deep.equal({ holds: 106, fails: 112, ended: "found" });
        const refusals = rungs.filter(({ verdict }) => verdict === "refused");
        expect(refusals.map(({ hosts }) => hosts)).to.deep.equal([200, 150, 125, 112]);
    });

    it("ends when a size that had held cannot be had again, and keeps what it knows", async () => {
        const fresh: CapacityLab["fresh"] = (hosts) =>
            hosts === 0 ? Promise.resolve() : Promise.reject(new Error("the disk is full"));
        const { found } = await searched(fakeLab(130, [], { fresh }));
        expect(found).to.deep.equal({ holds: 100, fails: 200, ended: "lost", why: "the disk is full" });
    });

    it("ends when a lab cannot be had for a reason that has nothing to do with its size", async () => {
        const grow: CapacityLab["grow"] = () => Promise.reject(new LostError("the program does not compile"));
        const { found, rungs } = await searched(fakeLab(130, [], { grow }));
        expect(found).to.deep.equal({ holds: 0, ended: "lost", why: "the program does not compile" });
        expect(rungs).to.deep.equal([]);
    });

    it("ends when its time is over: what was under way is unknown, and no further rung begins", async () => {
        let rungs = 0;
        const isOver = (): boolean => rungs >= 2;
        const grow: CapacityLab["grow"] = async (_from, to) => {
            rungs++;
            return { holds: to <= 50, says: ["the wait was in vain"] };
        };
        const { found, rungs: judged } = await searched(fakeLab(0, [], { grow }), PLAN, { ...CLOCK, isOver });
        expect(found).to.deep.equal({ holds: 50, ended: "time" });
        expect(judged.map(({ verdict }) => verdict)).to.deep.equal(["holds", "unknown"]);
    });

    it("ends when it is stopped, although Pulumi's end then looks like a failure", async () => {
        let isStopped = false;
        const grow: CapacityLab["grow"] = async () => {
            isStopped = true;
            throw new Error("pulumi up ended with exit code 130");
        };
        const clock = { ...CLOCK, isStopped: () => isStopped };
        const { found, rungs } = await searched(fakeLab(0, [], { grow }), PLAN, clock);
        expect(found).to.deep.equal({ holds: 0, ended: "stopped" });
        expect(rungs).to.have.length(1);
    });
});

describe("A rung", () => {
    const limit = (verdict: Judged["verdict"]): Judged => ({
        ...{ text: "failed = 0", figure: "failed", relation: "=", value: 0, unit: "", found: 0 },
        verdict,
        says: `${verdict} failed = 0 (0)`,
    });

    it("holds when all limits hold and the machine has memory left", () => {
        expect(judgement([limit("PASS")], 20, 24).holds).to.equal(true);
        expect(judgement([limit("PASS"), limit("FAIL")], 20, 24).holds).to.equal(false);
        expect(judgement([limit("PASS")], 23, 24)).to.deep.equal({
            holds: false,
            says: ["PASS failed = 0 (0)", "FAIL memory in use on the machine <= 95 % (96 %)"],
        });
    });

    it("is refused only where even the least that is predicted is more than the machine has", () => {
        const of = (hosts: number, memoryGib: number) => {
            const room = { ...MACHINE, memoryGib };
            const to = size(hosts);
            return refusal({
                change: change(undefined, to),
                room,
                prediction: predictedOf(undefined, to, room),
                more: false,
            });
        };
        expect(of(1000, 16)).to.equal(undefined);
        expect(of(1000, 12)).to.match(/^not tried: it is predicted to need 1\d\.\d GiB at least, of 12\.0 GiB$/);
        expect(refusal(undefined)).to.equal(undefined);
    });

    it("is refused where such a lab cannot be configured, with key, value and rule", () => {
        const facts = {
            ...{ stack: "capacity", settings: { provisioningCidr: "192.168.240.0/24" }, limits: [] },
            ...{ clustersOf: () => 0, machine: { ...MACHINE, ownRuns: [] }, secondsLeft: () => 60 },
        };
        expect(refused(facts, 16)).to.equal(undefined);
        expect(refused({ ...facts, settings: { conductors: "51" } }, 16)).to.match(
            /^not tried: conductors = "?51"?: must be /,
        );
    });

    it("is told with its verdict and all that was held against it, and in the table with what decided", () => {
        const rung: Rung = {
            ...{ hosts: 100, from: 50, verdict: "fails", seconds: 130 },
            says: ["PASS a", "FAIL b\nmore", "PASS c"],
        };
        expect(rungLines(rung)[0]).to.equal("== 50 → 100 hosts: DOES NOT HOLD (2 min 10 s)");
        expect(rungLines(rung)).to.have.length(4);
        expect(rungTable([rung])[1]).to.match(/^50 → 100 hosts +DOES NOT HOLD +2 min 10 s +FAIL b$/);
    });
});

describe("What a search has found, in words", () => {
    const alone = { hostsAlone: true };
    it("has what holds, what does not, and why it ended", () => {
        expect(foundText({ holds: 100, fails: 110, ended: "found" }, alone)).to.equal(
            "this machine holds 100 hosts without clusters, and not 110",
        );
        expect(foundText({ holds: 50, ended: "time" }, { hostsAlone: false })).to.equal(
            "this machine holds 50 hosts with their clusters; its time was over, so it may be more",
        );
        expect(foundText({ holds: 0, fails: 1, ended: "found" }, alone)).to.match(/^no lab of hosts without clusters/);
    });
});

describe("The prediction of a search", () => {
    it("goes the same way through labs that hold what is predicted of them, and adds up their times", async () => {
        const predict = (from: number, to: number) => {
            const [before, after] = [from === 0 ? undefined : size(from), size(to)];
            const prediction = { ...predictedOf(before, after), holds: 130 };
            return { change: change(before, after), room: MACHINE, prediction, more: false };
        };
        const found = await forecastSearch(PLAN, predict);
        const rungs = [
            [0, 50],
            [50, 100],
            [100, 200],
            [0, 100],
            [100, 150],
            [0, 100],
            [100, 125],
            [125, 137],
        ] as const;
        const seconds = rungs.reduce((sum, [from, to]) => sum + predict(from, to).prediction.seconds, 0);
        expect(found).to.deep.include({ holds: 125, rungs: 6 });
        expect(found?.seconds).to.be.closeTo(seconds, 1);
    });

    it("is none where nothing can be predicted of a lab", async () =>
        expect(await forecastSearch(PLAN, () => undefined)).to.equal(undefined));
});
