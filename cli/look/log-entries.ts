import { belongsTo, type Sought } from "./belongs";
import type { Log } from "./log-reader";
import { recordsOf, type LogRecord } from "./records";
import { withoutSecrets } from "./redact";
import type { Entry } from "./timeline";

/** A record of one thing, with the part that has written it. */
export interface OwnRecord extends LogRecord {
    source: string;
}

/** The records of logs that are about one thing. */
export function recordsAbout(logs: readonly Log[], sought: Sought): OwnRecord[] {
    const isOurs = belongsTo(sought);
    return logs.flatMap(({ source, text }) =>
        recordsOf(text)
            .filter(isOurs)
            .map((record) => ({ ...record, source })),
    );
}

/** A record as an entry, with its level where that is no matter of course, and without secrets. */
export const entryOf = ({ time, source, level, text }: OwnRecord): Entry => ({
    time,
    source,
    text: withoutSecrets(`${["", "info", "debug"].includes(level) ? "" : `${level.toUpperCase()}: `}${text}`),
});

/** How Ironic says that a node has come to another state, and that its power has been switched. */
const MOVED = /moved to provision state "([^"]+)" from state "([^"]+)"/;
const POWERED = /^Successfully set node \S+ power state to (power \w+)/;
/** What an agent is asked for again and again, and what tells nothing of its way. */
const ASKED = /^command command=\w+\.get_/;

/**
 * What is worth a line in a host's history: its steps from state to state as BMO and Ironic write them, what its agent
 * did, and what failed.
 * @returns undefined for everything else
 */
export function milestone(record: OwnRecord): Entry | undefined {
    const { time, source, level, text, fields } = record;
    const [first = ""] = text.split("\n");
    const entry = (words: string): Entry => ({ time, source, text: withoutSecrets(words) });
    const { msg, old: before, new: after } = fields;
    if (msg === "changing provisioning state" && typeof before === "string" && typeof after === "string") {
        return entry(`${before || "new"} → ${after}`);
    }
    const [, to, from] = MOVED.exec(first) ?? [];
    if (to !== undefined) {
        return entry(`${from} → ${to}`);
    }
    const power = POWERED.exec(first)?.[1];
    if (power !== undefined) {
        return entry(power);
    }
    return level === "error" || source === "BMC" || (source === "agent" && !ASKED.test(first))
        ? entryOf({ ...record, text: first })
        : undefined;
}
