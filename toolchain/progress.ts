import { duration } from "../lib/duration";
import { failureLines } from "./run";

/** Where progress is written. */
interface Sink {
    write(text: string): unknown;
    isTTY?: boolean | undefined;
    columns?: number | undefined;
}

interface ProgressOptions {
    /** Default: standard error, so that standard output belongs to the command alone. */
    sink?: Sink;
    /** Milliseconds between two lines about a long step where the output is no terminal. Default 30,000. */
    heartbeatMs?: number;
    /** The clock, milliseconds. Default: Date.now. */
    now?: () => number;
}

/** How the work of a step speaks to the person watching. */
export interface StepHandle {
    /** Says what the step is doing now, until the next call. */
    doing: (text: string) => void;
    /** Prints a line that stays. */
    notice: (text: string) => void;
}

/** The work did not fail: the person stopped it, or another step failed. */
export class StoppedError extends Error {}

interface Running {
    number: number;
    title: string;
    detail: string;
    started: number;
    said: number;
}

/**
 * Tells which step of how many is at work, and for how long. Steps may run side by side.
 *
 * On a terminal the last line is redrawn. Elsewhere, in a CI log for instance, every line is plain and stays, and a
 * long step says every half minute that it is still at work.
 */
export class Progress {
    private readonly sink: Sink;
    private readonly heartbeatMs: number;
    private readonly now: () => number;
    private readonly running: Running[] = [];
    private readonly began: number;
    private started = 0;
    private total = 0;
    private timer: NodeJS.Timeout | undefined;
    private drawn = false;

    constructor(options: ProgressOptions = {}) {
        this.sink = options.sink ?? process.stderr;
        this.heartbeatMs = options.heartbeatMs ?? 30_000;
        this.now = options.now ?? Date.now;
        this.began = this.now();
    }

    /** Milliseconds since this progress began. */
    get elapsed(): number {
        return this.now() - this.began;
    }

    /** Announces steps to come, so that the first step can already say how many there are. */
    expect(steps: number): void {
        this.total += steps;
    }

    /** A line outside any step. */
    line(text: string): void {
        this.clear();
        this.sink.write(`${text}\n`);
        this.draw();
    }

    /** Runs one step. @throws the error of its work, after saying that the step failed or was stopped */
    async step<T>(title: string, work: (step: StepHandle) => Promise<T>): Promise<T> {
        this.started += 1;
        this.total = Math.max(this.total, this.started);
        const at: Running = { number: this.started, title, detail: "", started: this.now(), said: this.now() };
        this.running.push(at);
        this.tick();
        this.line(`${this.label(at)} …`);
        try {
            const result = await work({
                doing: (text) => {
                    at.detail = text;
                    this.draw();
                },
                notice: (text) => this.line(`${this.label(at)}: ${text}`),
            });
            this.finish(at, `${this.label(at)}: done in ${duration(this.now() - at.started)}`);
            return result;
        } catch (error) {
            const how = error instanceof StoppedError ? "stopped" : "FAILED";
            this.finish(at, `${this.label(at)}: ${how} after ${duration(this.now() - at.started)}`);
            throw error;
        }
    }

    /** Shows an error: its message, the end of the failed command's output, and the path of the whole log. */
    async failure(error: unknown): Promise<void> {
        for (const line of await failureLines(error)) {
            this.line(line);
        }
    }

    private label(at: Running): string {
        const width = String(this.total).length;
        return `[${String(at.number).padStart(width)}/${this.total}] ${at.title}`;
    }

    private finish(at: Running, text: string): void {
        this.running.splice(this.running.indexOf(at), 1);
        this.line(text);
        if (this.running.length === 0) {
            clearInterval(this.timer);
            this.timer = undefined;
        }
    }

    private tick(): void {
        const pause = this.sink.isTTY ? 1_000 : Math.min(this.heartbeatMs, 1_000);
        // unref: a process that has nothing else to do ends all the same.
        this.timer ??= setInterval(() => this.beat(), pause).unref();
    }

    private beat(): void {
        if (this.sink.isTTY) {
            return this.draw();
        }
        for (const at of this.running.filter(({ said }) => this.now() - said >= this.heartbeatMs)) {
            at.said = this.now();
            this.line(`${this.label(at)}: ${at.detail || "still at work"}, ${duration(this.now() - at.started)}`);
        }
    }

    private clear(): void {
        if (this.drawn) {
            this.sink.write("\r\u001b[K");
        }
        this.drawn = false;
    }

    private draw(): void {
        if (!this.sink.isTTY || this.running.length === 0) {
            return;
        }
        this.clear();
        const texts = this.running.map(
            (at) => `${at.title}${at.detail ? ` (${at.detail})` : ""} ${duration(this.now() - at.started)}`,
        );
        this.sink.write(`  ${duration(this.elapsed)} · ${texts.join(" · ")}`.slice(0, (this.sink.columns ?? 100) - 1));
        this.drawn = true;
    }
}
