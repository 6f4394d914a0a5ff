import type { RunRecord } from "../../record/record";
import type { Single } from "./definition";
import { moments } from "./events";

/** Into so many parts of equal number the objects are divided. */
const FIFTHS = 5;

/** How many objects a minute became what they should. */
export interface Rates {
    mean: number;
    /** Of the fifth of the objects that went fastest, and of the last fifth. */
    best: number;
    last: number;
}

/**
 * The rates at which objects were done.
 * @param done when each was, in ascending order, seconds
 * @param since when the first could have begun
 * @returns undefined for fewer than ten: a fifth of them would be one
 */
export function rates(done: readonly number[], since: number): Rates | undefined {
    const end = done.at(-1);
    if (end === undefined || done.length < 2 * FIFTHS || end <= since) {
        return undefined;
    }
    const ends = Array.from({ length: FIFTHS }, (_, index) => Math.ceil((done.length * (index + 1)) / FIFTHS));
    const perMinute = ends.map((count, index) => {
        const before = index === 0 ? 0 : (ends[index - 1] as number);
        const from = before === 0 ? since : (done[before - 1] as number);
        // Times are whole seconds: a fifth that was done within one took a second at most.
        return (count - before) / (Math.max(1, (done[count - 1] as number) - from) / 60);
    });
    return {
        mean: done.length / ((end - since) / 60),
        best: Math.max(...perMinute),
        last: perMinute.at(-1) as number,
    };
}

/** The event by which the hosts of a run are done: provisioned, or available where none is to be provisioned. */
export const hostGoal = (record: RunRecord): string =>
    moments(record, "hosts", "firstProvisioned").length > 0 ? "firstProvisioned" : "available";

const ofHosts = (record: RunRecord): Rates | undefined =>
    rates(moments(record, "hosts", hostGoal(record)), record.firstHost ?? 0);
const ofClusters = (record: RunRecord): Rates | undefined =>
    rates(moments(record, "clusters", "available"), record.firstHost ?? 0);

const figures = (what: string, goal: string, of: (record: RunRecord) => Rates | undefined): Single[] => {
    const rate = (
        name: string,
        meaning: string,
        take: (found: Rates) => number,
        unit: "/min" | "" = "/min",
    ): Single => ({
        name: `throughput.${what}.${name}`,
        group: "throughput",
        meaning,
        unit,
        moreIsBetter: true,
        isNumber: true,
        of: (record) => {
            const found = of(record);
            return found && take(found);
        },
    });
    return [
        rate("mean", `${goal}, from the first host to the last of them.`, ({ mean }) => mean),
        rate("best", "The same, of the fifth that went fastest.", ({ best }) => best),
        rate("last", "The same, of the last fifth.", ({ last }) => last),
        rate(
            "linearity",
            "The last fifth's rate as a part of the best: 1 is a lab that does not slow down.",
            ({ best, last }) => last / best,
            "",
        ),
    ];
};

export const THROUGHPUT_FIGURES: readonly Single[] = [
    ...figures("hosts", "Hosts that were provisioned (available, where none was to be provisioned)", ofHosts),
    ...figures("clusters", "Clusters that became Available", ofClusters),
];
