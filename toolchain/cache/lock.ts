import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import * as lockfile from "proper-lockfile";
import { waitUntil } from "../../lib/wait-until";

/**
 * A lock that was not renewed for so long belongs to a dead process (killed, or the machine went down). Milliseconds.
 */
const STALE_MS = 15_000;
const RENEW_MS = 3_000;
const POLL_MS = 500;

/**
 * Longest wait for another run, milliseconds: it may be compiling everything, which can take an hour on a busy
 * machine.
 */
const WAIT_LIMIT_MS = 2 * 3600_000;

interface LockOptions {
    /** Called once, before a wait, when another run holds the lock. */
    onWait?: () => void;
    /** Ends the wait with the signal's reason. */
    signal?: AbortSignal | undefined;
    /** Longest wait, milliseconds. Default: two hours. */
    timeoutMs?: number;
}

type Release = () => Promise<void>;

/**
 * Takes the lock if it is free.
 * @param path a name in an existing or creatable folder; `<path>.lock` appears there
 * @returns the function that gives the lock back, or undefined when another living process holds it
 */
export async function tryLock(path: string): Promise<Release | undefined> {
    await mkdir(dirname(path), { recursive: true });
    try {
        const release = await lockfile.lock(path, {
            realpath: false,
            stale: STALE_MS,
            update: RENEW_MS,
            // The lock is lost only when this process stood still for 15 s and another took it. Both then build the
            // same in folders of their own, and the second rename is discarded: there is no reason to stop.
            onCompromised: () => undefined,
        });
        // Giving back a lock twice, or a lost one, does no harm.
        return async () => release().catch(() => undefined);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ELOCKED") {
            return undefined;
        }
        throw error;
    }
}

/** `retries` of proper-lockfile would wait as well, but it cannot be aborted and does not say that it waits. */
async function waitForLock(path: string, what: string, options: LockOptions): Promise<Release> {
    const free = await tryLock(path);
    if (free !== undefined) {
        return free;
    }
    options.onWait?.();
    const { take } = await waitUntil({
        what: `another run that is making ${what} (lock ${path}.lock)`,
        timeoutMs: options.timeoutMs ?? WAIT_LIMIT_MS,
        everyMs: POLL_MS,
        signal: options.signal,
        look: async () => {
            try {
                const release = await tryLock(path);
                return release === undefined ? { pending: [] } : { done: { take: () => release } };
            } catch (error) {
                // A full disk, for instance, is no reason to go on waiting.
                return {
                    done: {
                        take: () => {
                            throw error;
                        },
                    },
                };
            }
        },
    });
    return take();
}

/**
 * Runs `work` while holding the lock.
 * @param what the thing that is made under the lock, for the message after a wait in vain
 * @throws WaitTimeout when another run still holds the lock after the time limit
 */
export async function withLock<T>(
    path: string,
    what: string,
    work: () => Promise<T>,
    options: LockOptions = {},
): Promise<T> {
    const release = await waitForLock(path, what, options);
    try {
        return await work();
    } finally {
        await release();
    }
}
