import { duration } from "../../lib/duration";
import { plainTable } from "../plain-table";
import type { Description } from "./description";
import type { Entry } from "./timeline";

/** The names of facts that are not words by themselves. */
const WORDS: Record<string, string> = {
    pausedBy: "paused by",
    bmc: "BMC",
    bmcAnswer: "BMC answers",
    node: "Ironic's node",
    ironic: "Ironic's state",
    lockedBy: "locked by",
    ironicError: "Ironic's error",
    controlPlane: "control plane",
    fakeApiServer: "served by",
};

/** A host or a cluster in lines for a person. */
export function descriptionLines(description: Description, now: Date): string[] {
    const { kind, name, state, since, isSettled, reason, next, facts, conditions, history, notes } = description;
    const age = since === null ? "" : ` (${duration(now.getTime() - Date.parse(since))})`;
    const width = Math.max(0, ...Object.keys(facts).map((fact) => (WORDS[fact] ?? fact).length));
    return [
        `${kind} ${name}: ${state}${age}`,
        isSettled ? "It is where it should be." : `It is not where it should be: ${reason}`,
        ...next.map((command) => `    ${command}`),
        ...Object.entries(facts).map(([fact, value]) => `  ${(WORDS[fact] ?? fact).padEnd(width)}  ${value}`),
        ...(conditions.length === 0 ? [] : conditionLines(conditions)),
        ...(history.length === 0 ? ["Nothing is known of its past in that time."] : ["History, times in UTC:"]),
        ...entryLines(history, 19).map((line) => `  ${line}`),
        ...notes.map((note) => `Left out: ${note}`),
    ];
}

const conditionLines = (conditions: Description["conditions"]): string[] =>
    plainTable(
        ["condition", "status", "since (UTC)", "reason and message"],
        conditions.map(({ type, status, reason, message, since }) => [
            type,
            status,
            since === null ? "-" : clock(new Date(since).toISOString(), 19),
            [reason, message].filter(Boolean).join(": "),
        ]),
    ).map((line) => `  ${line}`);

/** A time as lines have it. @param length of it: 19 to seconds, 23 to milliseconds */
const clock = (time: string, length: number): string => time.slice(0, length).replace("T", " ");

/** Entries in lines: time, source and text. The further lines of an entry stand below its text. */
export function entryLines(entries: readonly Entry[], length: number): string[] {
    const width = Math.max(0, ...entries.map(({ source }) => source.length));
    return entries.flatMap(({ time, source, text }) => {
        const [first = "", ...more] = text.split("\n");
        const head = `${clock(time, length)}  ${source.padEnd(width)}  `;
        return [`${head}${first}`, ...more.map((line) => `${" ".repeat(head.length)}${line}`)].map((line) =>
            line.trimEnd(),
        );
    });
}
