import { continued, said, type Said } from "./formats";
import { timeOf } from "./timeline";

/** An entry of a log: a line with those that go on with it, such as the list of calls of an error. */
export interface LogRecord extends Said {
    /** Its own time, else that which the runtime has noted; of a record without any, that of its neighbour. */
    time: string;
    /** All its lines as they were written. */
    raw: string;
}

/** The time that Docker and kubelet put before each line. */
const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ?/;

/**
 * The records of a log. A line without a beginning of its own goes on with the record before it, even where that is cut
 * off at the log's beginning.
 * @param log each line as it was written, mostly with the runtime's time before it
 */
export function recordsOf(log: string): LogRecord[] {
    const found: (Omit<LogRecord, "time"> & { time: string | undefined })[] = [];
    for (const line of log.split("\n")) {
        const [stamp = "", noted] = STAMP.exec(line) ?? [];
        const words = line.slice(stamp.length);
        const begun = said(words);
        const last = found.at(-1);
        if (begun !== undefined || (last === undefined && words.trim() !== "")) {
            const record = begun ?? { level: "", text: words, fields: {} };
            found.push({ ...record, time: record.time ?? timeOf(noted), raw: words });
        } else if (last !== undefined && words.trim() !== "") {
            last.text += `\n${continued(words)}`;
            last.raw += `\n${words}`;
        }
    }
    return withTimes(found);
}

/** Gives a record without a time that of the one before it, or, at the beginning, of the one after. */
function withTimes(records: readonly (Omit<LogRecord, "time"> & { time: string | undefined })[]): LogRecord[] {
    let time = records.find((record) => record.time !== undefined)?.time;
    return records.flatMap((record): LogRecord[] => {
        time = record.time ?? time;
        return time === undefined ? [] : [{ ...record, time }];
    });
}
