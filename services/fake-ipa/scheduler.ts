import { type Clock, MAX_TIMEOUT_MS } from "./clock.js";

interface Entry {
    readonly key: string;
    readonly due: number;
    readonly sequence: number;
    readonly run: () => void;
}

/**
 * One queue, ordered by time, with one timer for everything that is due later.
 *
 * Finding the next entry costs O(log n), and no agent is looked at before its time. Upstream's fake-ipa scans all
 * agents instead, which takes about 2.5 s each time. A key has at most one entry. A new entry replaces the old one,
 * which stays in the heap until its turn and is skipped then.
 */
export class Scheduler {
    private readonly heap: Entry[] = [];
    private readonly current = new Map<string, Entry>();
    private timer: unknown;
    private timerDue = Infinity;
    private sequence = 0;
    private closed = false;

    constructor(
        private readonly clock: Clock,
        private readonly onError: (error: unknown) => void,
    ) {}

    /** Number of keys that wait. */
    get size(): number {
        return this.current.size;
    }

    /** When the key's entry is due, if it has one. */
    due(key: string): number | undefined {
        return this.current.get(key)?.due;
    }

    /** Runs `run` at `due` (milliseconds since the epoch), or at once if that is past. It replaces the key's entry. */
    schedule(key: string, due: number, run: () => void): void {
        if (this.closed) {
            return;
        }
        const entry: Entry = { key, due, sequence: this.sequence++, run };
        this.current.set(key, entry);
        this.push(entry);
        if (this.heap.length > 64 && this.heap.length > 2 * this.current.size) {
            this.compact();
        }
        this.arm();
    }

    cancel(key: string): void {
        this.current.delete(key);
    }

    /** Drops all entries. Nothing runs any more. */
    close(): void {
        this.closed = true;
        this.current.clear();
        this.heap.length = 0;
        this.clock.clear(this.timer);
    }

    private arm(): void {
        const first = this.heap[0];
        if (first === undefined || first.due >= this.timerDue) {
            return;
        }
        this.clock.clear(this.timer);
        this.timerDue = first.due;
        this.timer = this.clock.after(Math.min(Math.max(0, first.due - this.clock.now()), MAX_TIMEOUT_MS), () =>
            this.fire(),
        );
    }

    private fire(): void {
        this.timerDue = Infinity;
        const now = this.clock.now();
        for (let first = this.heap[0]; first !== undefined && first.due <= now; first = this.heap[0]) {
            this.pop();
            if (this.current.get(first.key) !== first) {
                continue;
            }
            this.current.delete(first.key);
            try {
                first.run();
            } catch (error) {
                this.onError(error);
            }
        }
        this.arm();
    }

    private compact(): void {
        const live = this.heap.filter((entry) => this.current.get(entry.key) === entry);
        this.heap.length = 0;
        for (const entry of live) {
            this.push(entry);
        }
    }

    private before(a: number, b: number): boolean {
        const x = this.heap[a]!;
        const y = this.heap[b]!;
        return x.due < y.due || (x.due === y.due && x.sequence < y.sequence);
    }

    private swap(a: number, b: number): void {
        const held = this.heap[a]!;
        this.heap[a] = this.heap[b]!;
        this.heap[b] = held;
    }

    private push(entry: Entry): void {
        let at = this.heap.push(entry) - 1;
        while (at > 0) {
            const parent = (at - 1) >> 1;
            if (!this.before(at, parent)) {
                return;
            }
            this.swap(at, parent);
            at = parent;
        }
    }

    private pop(): void {
        const last = this.heap.pop()!;
        if (this.heap.length === 0) {
            return;
        }
        this.heap[0] = last;
        for (let at = 0; ;) {
            const left = 2 * at + 1;
            if (left >= this.heap.length) {
                return;
            }
            const right = left + 1;
            const child = right < this.heap.length && this.before(right, left) ? right : left;
            if (!this.before(child, at)) {
                return;
            }
            this.swap(at, child);
            at = child;
        }
    }
}
