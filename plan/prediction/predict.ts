import { MAX_NODES } from "../config/limits";
import type { Fitted } from "./fitted";
import { MEASUREMENTS } from "./measurements";
import { peakGib, upkeepCores, upSeconds, type LabSize } from "./model";
import type { Bias, Room } from "./own-runs";

/** Memory that everything else on a machine takes, GiB: 1.1 to 1.3 were in use before the runs of the measurements. */
const OTHERS_GIB = 1.3;
/** Share of the cores up to which the upkeep of a lab leaves enough: with more, the last hosts take hours. */
const MOST_UPKEEP = 0.9;
/** By how much the time of a lab that shrinks may be off: it was measured twice. */
const REMOVAL_ERROR = 0.5;

/** A change of a lab's size. */
export interface SizeChange {
    /** Undefined: there is no lab. */
    from: LabSize | undefined;
    to: LabSize;
    /** Conductors of a lab of so many hosts. */
    conductorsOf: (hosts: number) => number;
}

/** What a change of a lab is predicted to take. Errors are shares: 0.2 is ± 20 %. */
export interface Prediction {
    /** Seconds of the `up`, with all parts built. Infinity: it comes to no end. */
    seconds: number;
    secondsError: number;
    /** Most memory that the lab takes, GiB. */
    gib: number;
    gibError: number;
    verdict: "fits" | "may not fit" | "does not fit";
    /** Most hosts of a lab of the same proportions for which there is room; 0 where there is not even for one. */
    holds: number;
    /** Which of both is used up first. */
    bound: "cores" | "memory";
    /** Whether hosts or machines come. */
    grows: boolean;
    /** Own runs of the machine that the times follow. */
    ownRuns: number;
}

/** Largest whole number, up to a limit, for which something holds that holds for no larger one. 0: for none. */
function largest(limit: number, holds: (value: number) => boolean): number {
    let [good, bad] = [0, limit + 1];
    while (bad - good > 1) {
        const middle = Math.floor((good + bad) / 2);
        [good, bad] = holds(middle) ? [middle, bad] : [good, middle];
    }
    return good;
}

/**
 * By how much a prediction may be off where nothing was measured: as much again for each doubling of the largest lab,
 * and for each doubling or halving of the cores as long as the machine has no runs of its own.
 */
function widened(error: number, { hosts }: LabSize, cores: number, fitted: Fitted, hasOwn: boolean): number {
    const beyond = Math.max(0, Math.log2(hosts / fitted.largestHosts));
    const other = hasOwn ? 0 : Math.abs(Math.log2(cores / MEASUREMENTS.machine.cores));
    return error * (1 + beyond + other);
}

/** What a change of a lab takes in a room, by the model and by what the machine's own runs say beside it. */
export function predict(change: SizeChange, room: Room, fitted: Fitted, bias: Bias): Prediction {
    const { from, to, conductorsOf } = change;
    const { parameters } = fitted;
    const { cores, memoryGib } = room;
    const gibOf = (size: LabSize): number => bias.memory * peakGib(size, parameters);
    // A machine that is half as fast has half of the cores left for what is there.
    const upkeepOf = (size: LabSize): number => (bias.time * upkeepCores(size, parameters)) / cores;
    const timeError = widened(bias.timeError ?? fitted.error.time, to, cores, fitted, bias.runs > 0);
    const gibError = widened(bias.memoryError ?? fitted.error.memory, to, MEASUREMENTS.machine.cores, fitted, true);
    const grows = to.hosts > (from?.hosts ?? 0) || to.machines > (from?.machines ?? 0);

    const free = memoryGib - OTHERS_GIB;
    const upkeep = upkeepOf(to);
    const fits = gibOf(to) * (1 + gibError) <= free && upkeep <= MOST_UPKEEP;
    const mayFit = gibOf(to) * (1 - gibError) <= free && upkeep < 1;
    const proportion = to.hosts === 0 ? 0 : to.machines / to.hosts;
    const sized = (hosts: number): LabSize => ({
        hosts,
        machines: Math.floor(hosts * proportion),
        conductors: conductorsOf(hosts),
    });
    const byMemory = largest(MAX_NODES, (hosts) => gibOf(sized(hosts)) <= free);
    const byCores = largest(MAX_NODES, (hosts) => upkeepOf(sized(hosts)) <= MOST_UPKEEP);
    return {
        seconds: upkeep < 1 ? bias.time * upSeconds(from, to, cores, parameters) : Infinity,
        secondsError: grows ? timeError : Math.max(timeError, REMOVAL_ERROR),
        gib: gibOf(to),
        gibError,
        verdict: fits ? "fits" : mayFit ? "may not fit" : "does not fit",
        holds: Math.min(byMemory, byCores),
        bound: byCores < byMemory ? "cores" : "memory",
        grows,
        ownRuns: bias.runs,
    };
}
