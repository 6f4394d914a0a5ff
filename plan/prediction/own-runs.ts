import { rootMeanSquare } from "simple-statistics";
import type { Fitted } from "./fitted";
import { peakGib, upSeconds, type LabSize } from "./model";

/** What a lab can use: of a machine, or of a virtual machine on it. */
export interface Room {
    cores: number;
    memoryGib: number;
}

/** An `up` of a lab on this machine that came to its end. */
export interface OwnRun {
    /** ISO 8601. */
    began: string;
    /** What the lab could use. */
    room: Room;
    /** Value of the key `substrate`. */
    substrate: string;
    /** The lab that was there; undefined: none was. */
    from?: LabSize | undefined;
    to: LabSize;
    upSeconds: number;
    /** Most memory that the lab took; null: not known. */
    gib: number | null;
}

/** How a machine differs from the one that the model was fitted to. */
export interface Bias {
    /** Times and memory are this many times those of the model. */
    time: number;
    memory: number;
    /** How far the machine's own runs lie from that, as a share; null where there are fewer than three. */
    timeError: number | null;
    memoryError: number | null;
    /** Own runs that tell times. */
    runs: number;
}

export const NO_BIAS: Bias = { time: 1, memory: 1, timeError: null, memoryError: null, runs: 0 };

/** An own run counts as much as so many times all measurements of the repository together. */
const OWN_WEIGHT = 3;
/** Runs that are looked at, the newest ones: the machine and the program change. */
const NEWEST = 20;
/** Runs from which on their own spread is known. */
const SPREAD_FROM = 3;
/** A run that differs more is one of a machine that stood still, or did much else. */
const MOST_FACTOR = 4;
/** Machines whose memory differs by less are taken for one: the kernel keeps a part for itself. */
const SAME_GIB = 0.5;

/** A factor from logarithms of how much more was seen than predicted. With none it is 1. */
function scale(logs: readonly number[]): { factor: number; error: number | null } {
    const log = (OWN_WEIGHT * logs.reduce((sum, each) => sum + each, 0)) / (1 + OWN_WEIGHT * logs.length);
    const error = logs.length < SPREAD_FROM ? null : 2 * rootMeanSquare(logs.map((each) => each - log));
    return { factor: Math.exp(log), error };
}

/** Whether two machines are alike, as far as it makes a difference to a lab. */
const alike = (a: Room, b: Room): boolean => a.cores === b.cores && Math.abs(a.memoryGib - b.memoryGib) < SAME_GIB;

/**
 * What a machine's own runs say beside the model. The repository's measurements together count as one run, and each own
 * run as three: one is enough to tell a slow machine from a fast one. The way in which time and memory grow with the
 * lab stays that of the model.
 */
export function biasOf(runs: readonly OwnRun[], room: Room, substrate: string, { parameters }: Fitted): Bias {
    const own = runs
        .filter((each) => each.substrate === substrate && alike(each.room, room))
        .sort((a, b) => a.began.localeCompare(b.began))
        .slice(-NEWEST);
    const logs = (pairs: readonly (readonly [seen: number | null, predicted: number])[]): number[] =>
        pairs.flatMap(([seen, predicted]) => {
            const log = seen === null ? NaN : Math.log(seen / predicted);
            return Math.abs(log) <= Math.log(MOST_FACTOR) ? [log] : [];
        });
    const times = logs(
        own.map(({ from, to, upSeconds: seen, room: { cores } }) => [seen, upSeconds(from, to, cores, parameters)]),
    );
    const time = scale(times);
    const memory = scale(logs(own.map(({ from, to, gib }) => [from ? null : gib, peakGib(to, parameters)])));
    return {
        time: time.factor,
        memory: memory.factor,
        timeError: time.error,
        memoryError: memory.error,
        runs: times.length,
    };
}
