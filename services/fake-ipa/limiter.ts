/** Lets at most `limit` tasks run at once; the others wait their turn, first come, first served. */
export class Limiter {
    private running = 0;
    private closed = false;
    private readonly waiting: (() => void)[] = [];

    constructor(private readonly limit: number) {}

    get queued(): number {
        return this.waiting.length;
    }

    /** Begins nothing any more, and waits until what runs has ended, `ms` at most. */
    async close(ms: number): Promise<void> {
        this.closed = true;
        for (const end = Date.now() + ms; this.running > 0 && Date.now() < end;) {
            await new Promise((resolve) => {
                setTimeout(resolve, 50);
            });
        }
    }

    /** The task's result; undefined where it was not begun because of `close`. */
    async run<T>(task: () => Promise<T>): Promise<T | undefined> {
        // A finished task hands its place to the first in line, so a newcomer cannot overtake.
        if (this.running >= this.limit) {
            await new Promise<void>((resolve) => {
                this.waiting.push(resolve);
            });
        } else {
            this.running++;
        }
        try {
            return this.closed ? undefined : await task();
        } finally {
            const next = this.waiting.shift();
            if (next === undefined) {
                this.running--;
            } else {
                next();
            }
        }
    }
}
