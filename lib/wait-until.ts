import { setTimeout as sleep } from "node:timers/promises";
import { errorText } from "./error-text";

/** One wait: what for, how long, how often to look, and how to tell a person. */
export interface WaitOptions<Result> {
    /** What is waited for, as it stands after "waited 30 s for". */
    what: string;
    /** Longest wait, milliseconds. */
    timeoutMs: number;
    /** Pause between two looks, milliseconds. Default 1000. */
    everyMs?: number;
    /**
     * Looks once. `{ done }` ends the wait. `{ pending }` says what is still missing. An error counts as pending: what
     * is waited for is often the reason that a look fails. `{ failed }` ends the wait with that error, because waiting
     * on would be in vain.
     */
    look: () => Promise<Look<Result>>;
    /** Told of what is missing, at most once in `progressMs`. */
    onProgress?: (line: string) => void;
    /** Milliseconds between two lines of progress. Default 15000. */
    progressMs?: number;
    /** Ends the wait with the signal's reason. */
    signal?: AbortSignal | undefined;
    /** Where to look when the wait was in vain: the last line of the error. */
    hint?: string;
    /** The time and how to let it pass; tests set a clock of their own. Default: the machine's clock. */
    clock?: Clock;
}

/** What one look found. */
export type Look<Result> = { done: Result } | { pending: string[] } | { failed: Error };

/** A clock that a wait goes by. */
export interface Clock {
    /** Milliseconds since any fixed moment. */
    now: () => number;
    /** Resolves after so many milliseconds; rejects when the signal is aborted. */
    sleep: (milliseconds: number, signal?: AbortSignal) => Promise<unknown>;
}

const MACHINE_CLOCK: Clock = {
    now: Date.now,
    sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal === undefined ? {} : { signal }),
};

/** The time limit was reached: says what was waited for, how long, and what was missing at the last look. */
export class WaitTimeout extends Error {
    constructor(
        readonly what: string,
        readonly pending: readonly string[],
        timeoutMs: number,
        hint?: string,
    ) {
        const missing = pending.length > 0 ? ["; at the last look:", ...pending.map((line) => `  ${line}`)] : [];
        const lines = [`waited ${Math.round(timeoutMs / 1000)} s for ${what}${missing[0] ?? ""}`, ...missing.slice(1)];
        super([...lines, ...(hint === undefined ? [] : [hint])].join("\n"));
        this.name = "WaitTimeout";
    }
}

/**
 * Looks again and again until a look says that it is done.
 * @returns what the last look found.
 * @throws WaitTimeout when the time limit is reached. The first look is made however short the limit is.
 * @throws the error of a look that says `{ failed }`.
 */
export async function waitUntil<Result>(options: WaitOptions<Result>): Promise<Result> {
    const { what, timeoutMs, everyMs = 1000, look, onProgress, progressMs = 15_000, signal, hint } = options;
    const { now, sleep: pause } = options.clock ?? MACHINE_CLOCK;
    const started = now();
    let reported = started;
    for (;;) {
        signal?.throwIfAborted();
        const found = await look().catch((error: unknown): Look<Result> => ({ pending: [errorText(error)] }));
        if ("done" in found) {
            return found.done;
        }
        if ("failed" in found) {
            throw found.failed;
        }
        const elapsed = now() - started;
        if (elapsed >= timeoutMs) {
            throw new WaitTimeout(what, found.pending, timeoutMs, hint);
        }
        if (now() - reported >= progressMs) {
            reported = now();
            onProgress?.(`waiting for ${what} (${Math.round(elapsed / 1000)} s): ${found.pending.join("; ")}`);
        }
        // An aborted sleep rejects with an AbortError of its own: the next round throws the signal's reason instead.
        await pause(everyMs, signal).catch(() => signal?.throwIfAborted());
    }
}
