import pLimit from "p-limit";

/** Runs at most `limit` tasks at a time, in the order in which they came, and none after `close`. */
export class Limiter {
    private readonly limit;
    private closed = false;

    constructor(limit: number) {
        this.limit = pLimit(limit);
    }

    /** Number of tasks that wait for their turn. */
    get queued(): number {
        return this.limit.pendingCount;
    }

    /** Starts no further task, and waits until the running ones have ended, for `ms` milliseconds at most. */
    async close(ms: number): Promise<void> {
        this.closed = true;
        for (const end = Date.now() + ms; this.limit.activeCount > 0 && Date.now() < end;) {
            await new Promise((resolve) => {
                setTimeout(resolve, 50);
            });
        }
    }

    /** @returns the task's result, or undefined if `close` was called before the task's turn came */
    run<T>(task: () => Promise<T>): Promise<T | undefined> {
        return this.limit(async () => (this.closed ? undefined : task()));
    }
}
