import { timeOf } from "./timeline";

/** What a line of a log says. */
export interface Said {
    /** Undefined where the line has no time, or one without its day or year. */
    time?: string | undefined;
    /** "debug", "info", "warn", "error"; "" where it does not say. */
    level: string;
    text: string;
    /** The fields of a line of JSON. */
    fields: Readonly<Record<string, unknown>>;
}

const LEVELS: Readonly<Record<string, string>> = {
    ...{ 10: "debug", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "error" },
    ...{ I: "info", W: "warn", E: "error", F: "error" },
    ...{ DEBUG: "debug", INFO: "info", WARNING: "warn", ERROR: "error", CRITICAL: "error" },
};

/** Ironic's lines: date and time in UTC, process, level, module, [request and its user]. */
const OSLO = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d+) \d+ ([A-Z]+) ([\w.]+) \[[^\]]*\] (.*)$/s;
/** The further lines of an error of Ironic's lack the request. */
const OSLO_MORE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \d+ [A-Z]+ [\w.]+ /;
/** sushy-tools' lines, by Flask: date and time in UTC, level, module. */
const FLASK = /^\[(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),(\d+)\] ([A-Z]+) in \w+: (.*)$/s;
/** sushy-tools' lines, by gunicorn: date and time, process, level. */
const GUNICORN = /^\[(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ([+-]\d{4})\] \[\d+\] \[([A-Z]+)\] (.*)$/s;
/** Lines of Kubernetes' and Cluster API's controllers: level and day without a year, time, process, place. */
const KLOG = /^([IWEF])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [\w./-]+:\d+\] (.*)$/s;

/** Fields of a line of JSON that its text need not repeat: time, level, names of the host, and a list of calls. */
const KNOWN = [
    ...["ts", "time", "level", "logger", "msg", "message", "stacktrace", "v", "error", "id"],
    ...["baremetalhost", "host", "node", "namespace", "name", "controller", "controllerGroup", "controllerKind"],
    ...["reconcileID", "BareMetalHost"],
];

/** A line that begins a record; undefined for one that goes on with the record before it. */
export function said(line: string): Said | undefined {
    const [, day, clock, oslo, , words] = OSLO.exec(line) ?? [];
    if (words !== undefined) {
        return { time: timeOf(`${day}T${clock}Z`), level: LEVELS[oslo ?? ""] ?? "", text: words, fields: {} };
    }
    const [, date, time, ms, flask, text] = FLASK.exec(line) ?? [];
    if (text !== undefined) {
        return { time: timeOf(`${date}T${time}.${ms}Z`), level: LEVELS[flask ?? ""] ?? "", text, fields: {} };
    }
    const [, begun, at, zone, gunicorn, rest] = GUNICORN.exec(line) ?? [];
    if (rest !== undefined) {
        return { time: timeOf(`${begun}T${at}${zone}`), level: LEVELS[gunicorn ?? ""] ?? "", text: rest, fields: {} };
    }
    const [, letter, klog] = KLOG.exec(line) ?? [];
    if (klog !== undefined) {
        return { level: LEVELS[letter ?? ""] ?? "", text: klog, fields: {} };
    }
    return line.startsWith("{") ? saidInJson(line) : undefined;
}

/** The rest of a record: a line that goes on with it, without what it repeats of the first one. */
export const continued = (line: string): string => line.replace(OSLO_MORE, "");

function saidInJson(line: string): Said | undefined {
    let fields: Record<string, unknown>;
    try {
        fields = JSON.parse(line) as Record<string, unknown>;
    } catch {
        return undefined;
    }
    const { ts, time, level, msg, message, error } = fields;
    // BMO counts seconds, the others write the time out.
    const written = typeof ts === "number" ? ts * 1000 : ((ts ?? time) as string | undefined);
    const word = wordOf(level);
    const rest = Object.entries(fields).filter(([key]) => !KNOWN.includes(key));
    const words = [
        wordOf(msg ?? message),
        ...(error === undefined ? [] : [valueText(error)]),
        ...rest.map(([key, value]) => `${key}=${valueText(value)}`),
    ];
    return { time: timeOf(written), level: LEVELS[word] ?? word, text: words.join(" "), fields };
}

/** A text, or a number as one; "" for anything else. */
const wordOf = (value: unknown): string =>
    typeof value === "string" || typeof value === "number" ? String(value) : "";

const valueText = (value: unknown): string =>
    typeof value === "string" && /^\S+$/.test(value) ? value : JSON.stringify(value);
