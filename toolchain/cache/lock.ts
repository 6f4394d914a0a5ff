import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import * as lockfile from "proper-lockfile";

/** A holder that has not renewed its lock for so long is dead (killed, or the machine went down). Milliseconds. */
export const STALE_MS = 15_000;
const RENEW_MS = 3_000;
const POLL_MS = 500;

export interface LockOptions {
    /** Longest wait for another holder, milliseconds. Default two hours: it may be compiling everything. */
    timeoutMs?: number;
    /** Told once when the lock is held by somebody else, before waiting. */
    onWait?: () => void;
    /** Stops the wait. */
    signal?: AbortSignal | undefined;
}

/**
 * Takes the lock if it is free.
 * @param path a name in an existing or creatable folder; `<path>.lock` appears there
 * @returns the function that gives it back, or undefined when another living process holds it
 */
export async function tryLock(path: string): Promise<(() => Promise<void>) | undefined> {
    await mkdir(dirname(path), { recursive: true });
    try {
        const release = await lockfile.lock(path, {
            realpath: false,
            stale: STALE_MS,
            update: RENEW_MS,
            // Lost only when this process stood still for 15 s and another took over: both then build the same in folders of their own, and
            // the second rename is discarded. Nothing to stop for.
            onCompromised: () => undefined,
        });
        // Given back twice, or lost meanwhile: no harm.
        return async () => release().catch(() => undefined);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ELOCKED") {
            return undefined;
        }
        throw error;
    }
}

/**
 * Runs `work` while holding the lock.
 * @throws Error when the lock is still held after the time limit
 */
export async function withLock<T>(
    path: string,
    what: string,
    work: () => Promise<T>,
    options: LockOptions = {},
): Promise<T> {
    const limit = options.timeoutMs ?? 2 * 3600_000;
    const end = Date.now() + limit;
    let release = await tryLock(path);
    if (release === undefined) {
        options.onWait?.();
    }
    while (release === undefined) {
        options.signal?.throwIfAborted();
        if (Date.now() > end) {
            throw new Error(
                `waited ${Math.round(limit / 1000)} s for another run that is making ${what} (lock ${path}.lock)`,
            );
        }
        await new Promise((done) => setTimeout(done, POLL_MS));
        release = await tryLock(path);
    }
    try {
        return await work();
    } finally {
        await release();
    }
}
