import { CommandError, tailOfFile } from "./run";

/** Where progress goes: standard error, so that a command's standard output stays its own. */
export interface Sink {
    write(text: string): unknown;
    isTTY?: boolean | undefined;
    columns?: number | undefined;
}

export interface ProgressOptions {
    sink?: Sink;
    /** Milliseconds between two "still at it" lines where the output is no terminal. Default 30 s. */
    heartbeatMs?: number;
    /** Clock, milliseconds. */
    now?: () => number;
}

/** What a step's work may tell the person watching. */
export interface StepHandle {
    /** Replaces what the step is said to be doing. */
    doing: (text: string) => void;
    /** Prints a line that stays. */
    notice: (text: string) => void;
}

/** The work did not fail: it was stopped, by the person or because another step failed. */
export class StoppedError extends Error {}

interface Running {
    number: number;
    title: string;
    detail: string;
    started: number;
    said: number;
}

/** Seconds as a person reads them: `8 s`, `2 min 05 s`, `1 h 02 min`. */
export function duration(ms: number): string {
    const seconds = Math.round(ms / 1000);
    if (seconds < 60) {
        return `${seconds} s`;
    }
    if (seconds < 3600) {
        return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
    }
    return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")} min`;
}

/**
 * Tells what is being done, which step of how many, and for how long. Steps may run side by side.
 *
 * On a terminal one line at the bottom is redrawn; elsewhere (a CI log) every line is plain and stays, and a long step says every half minute that
 * it is still at work. A step that fails shows the end of its log and where the whole is.
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

    /** Milliseconds since the beginning. */
    get elapsed(): number {
        return this.now() - this.began;
    }

    /** Announces steps to come, so that "of how many" is known from the first. */
    expect(steps: number): void {
        this.total += steps;
    }

    /** A line outside any step. */
    line(text: string): void {
        this.clear();
        this.sink.write(`${text}\n`);
        this.draw();
    }

    /** Runs one step; the error of its work is told and thrown on. */
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

    /** Says an error the way a person needs it: the message, the end of the log, the path of the rest. */
    async failure(error: unknown): Promise<void> {
        this.line(`error: ${error instanceof Error ? error.message : String(error)}`);
        if (!(error instanceof CommandError)) {
            return;
        }
        const tail = error.tail || (error.log ? await tailOfFile(error.log) : "");
        if (tail) {
            this.line(tail.replace(/^/gm, "    | "));
        }
        if (error.log) {
            this.line(`    the whole log: ${error.log}`);
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
        if (this.timer !== undefined) {
            return;
        }
        this.timer = setInterval(() => this.beat(), this.sink.isTTY ? 1_000 : Math.min(this.heartbeatMs, 1_000));
        // Progress is no reason for the process to stay.
        this.timer.unref();
    }

    private beat(): void {
        if (this.sink.isTTY) {
            return this.draw();
        }
        for (const at of this.running) {
            if (this.now() - at.said < this.heartbeatMs) {
                continue;
            }
            at.said = this.now();
            this.line(`${this.label(at)}: ${at.detail || "still at it"}, ${duration(this.now() - at.started)}`);
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
