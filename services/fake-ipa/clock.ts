/** Time and randomness, which tests replace. Times are in milliseconds since the epoch. */
export interface Clock {
    now(): number;
    /** Calls back once after `ms` milliseconds, 0 or more. @returns the timer, for `clear` */
    after(ms: number, callback: () => void): unknown;
    clear(timer: unknown): void;
    /** A number in [0, 1). */
    random(): number;
}

/** Longest wait of setTimeout, in milliseconds. A longer one overflows and ends at once, so it is made of several. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
    now: () => Date.now(),
    after: (ms, callback) => setTimeout(callback, Math.min(Math.max(0, ms), MAX_TIMEOUT_MS)),
    clear: (timer) => {
        clearTimeout(timer as NodeJS.Timeout);
    },
    random: () => Math.random(),
};

/** A number between `low` and `high`. */
export function between(clock: Clock, low: number, high: number): number {
    return low + (high - low) * clock.random();
}
