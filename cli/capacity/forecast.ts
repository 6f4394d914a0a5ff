import type { Predicted } from "../../plan/prediction/words";
import { search, type CapacityLab, type Found, type SearchPlan } from "./search";

/** What a search is predicted to take. */
export interface SearchForecast extends Found {
    rungs: number;
    /** Seconds of all rungs; Infinity where one comes to no end. */
    seconds: number;
    /** By how much that may be off, as a share. */
    error: number;
}

/**
 * Goes the way of a search through labs that hold as much as is predicted of them, without making any.
 * @param predict what is predicted of the way from one size to another; undefined where nothing can be
 * @param refused why a size is not tried. Default: each is
 * @returns undefined where nothing can be predicted
 */
export async function forecastSearch(
    plan: SearchPlan,
    predict: (from: number, to: number) => Predicted | undefined,
    refused: CapacityLab["refused"] = () => undefined,
): Promise<SearchForecast | undefined> {
    if (predict(0, plan.start) === undefined) {
        return undefined;
    }
    const most = predict(0, plan.start)?.prediction.holds ?? 0;
    let [rungs, seconds, error] = [0, 0, 0];
    const take = (from: number, to: number): void => {
        const found = predict(from, to)?.prediction;
        // What comes to no end is stopped by the wait's own limit; what that is, is not worth a prediction.
        seconds += found !== undefined && Number.isFinite(found.seconds) ? found.seconds : 0;
        error = Math.max(error, found?.secondsError ?? 0);
    };
    const lab: CapacityLab = {
        refused,
        fresh: async (hosts) => (hosts > 0 ? take(0, hosts) : undefined),
        grow: async (from, to) => {
            take(from, to);
            return { holds: to <= most, says: [] };
        },
    };
    const clock = { now: () => 0, isOver: () => false, isStopped: () => false };
    const found = await search(plan, lab, clock, async () => {
        rungs++;
    });
    return { ...found, rungs, seconds, error };
}
