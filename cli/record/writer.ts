import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Header, RecordLine } from "./lines";

/** Numbers of a record have this many digits after the point: microseconds of a time, thousandths of a CPU-second. */
const DIGITS = 6;

const rounded = (_key: string, value: unknown): unknown =>
    typeof value === "number" ? Number(value.toFixed(DIGITS)) : value;

/** A line that is of a moment, without it; of each kind by itself. */
type Untimed<Line> = Line extends { t: number } ? Omit<Line, "t"> : never;

/** Writes the record of one run, each line as soon as it is known: a run that is killed keeps what it has. */
export class RecordWriter {
    private readonly began: number;

    /** @param file is replaced. */
    constructor(
        readonly file: string,
        header: Omit<Header, "line" | "schema">,
    ) {
        this.began = Date.parse(header.began);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text({ line: "header", schema: 1, ...header }));
    }

    /** Seconds of a moment from the beginning of the run. Default: of this moment. */
    secondsAt(moment = Date.now()): number {
        return (moment - this.began) / 1000;
    }

    write(line: RecordLine): void {
        appendFileSync(this.file, text(line));
    }

    /** Writes a line of this moment. */
    now(line: Untimed<RecordLine>): void {
        this.write({ ...line, t: this.secondsAt() });
    }
}

const text = (line: RecordLine): string => `${JSON.stringify(line, rounded)}\n`;
