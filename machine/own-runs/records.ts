import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { defaultOf } from "../../plan/config/keys";
import { MEASURED_WITH_DEFAULT } from "../../plan/prediction/change";
import type { OwnRun } from "../../plan/prediction/own-runs";
import { conductorCount } from "../../plan/sizes";

/** Records that are looked at, the newest ones. */
const NEWEST = 20;
/** The header is the first line, and the result is among the last ones: what lies between may be megabytes. */
const HEAD_BYTES = 16 * 1024;
const TAIL_BYTES = 64 * 1024;

/** How the line `result` begins: the others are not parsed. */
const RESULT = /^\{"line":"result"/;

/** What is read of a record's first line (cli/record/lines.ts). */
const header = z.object({
    line: z.literal("header"),
    schema: z.literal(1),
    began: z.string(),
    hosts: z.number(),
    clusters: z.number(),
    existing: z.number().optional(),
    tuning: z.string(),
    settings: z.record(z.string(), z.string()),
    machine: z.object({ cpus: z.number(), memoryBytes: z.number() }),
});

/** What is read of its line `result`. */
const result = z.object({
    line: z.literal("result"),
    failed: z.number(),
    machine: z.object({ peakBytes: z.number(), bytesBefore: z.number() }).nullable(),
    commands: z.object({ up: z.object({ seconds: z.number() }) }),
});

type Header = z.infer<typeof header>;
type Result = z.infer<typeof result>;

/** The whole lines in a part of a file. */
function linesAt(file: string, from: number, bytes: number): string[] {
    const handle = openSync(file, "r");
    try {
        const buffer = Buffer.alloc(bytes);
        return buffer.toString("utf8", 0, readSync(handle, buffer, 0, bytes, from)).split("\n");
    } finally {
        closeSync(handle);
    }
}

function parsed<Line>(schema: z.ZodType<Line>, text: string | undefined): Line | undefined {
    try {
        return schema.safeParse(JSON.parse(text ?? "")).data;
    } catch {
        // Half a line, at the edge of what was read.
        return undefined;
    }
}

/** Whether a run is of a lab as the model is of: made from nothing, with the defaults that decide how long it takes. */
const isUsual = ({ existing, tuning, settings }: Header): boolean =>
    existing === undefined &&
    tuning === defaultOf("tuning") &&
    (settings["substrate"] ?? defaultOf("substrate")) === defaultOf("substrate") &&
    MEASURED_WITH_DEFAULT.every((key) => settings[key] === undefined || settings[key] === defaultOf(key));

function runOf(head: Header, { machine, commands }: Result): OwnRun {
    const { hosts, clusters, settings, began } = head;
    const machines = Number(settings["controlPlaneNodes"] ?? 1) + Number(settings["workerNodes"] ?? 0);
    const conductors = settings["conductors"] === undefined ? undefined : Number(settings["conductors"]);
    return {
        began,
        room: { cores: head.machine.cpus, memoryGib: head.machine.memoryBytes / 2 ** 30 },
        substrate: defaultOf("substrate") ?? "",
        to: { hosts, machines: clusters * machines, conductors: conductorCount(hosts, conductors) },
        upSeconds: commands.up.seconds,
        gib: machine && (machine.peakBytes - machine.bytesBefore) / 2 ** 30,
    };
}

/** What a record tells of a run; undefined where it did not come to its end, or is of another kind of lab. */
function recorded(file: string): OwnRun | undefined {
    const [first] = linesAt(file, 0, HEAD_BYTES);
    const head = parsed(header, first);
    if (head === undefined || !isUsual(head)) {
        return undefined;
    }
    const last = linesAt(file, Math.max(0, statSync(file).size - TAIL_BYTES), TAIL_BYTES);
    const outcome = last.flatMap((line) => (RESULT.test(line) ? (parsed(result, line) ?? []) : [])).at(-1);
    return outcome === undefined || outcome.failed > 0 ? undefined : runOf(head, outcome);
}

/** The runs of which a folder has records, by file, those that came to their end. */
export function recordedRuns(folder: string): Map<string, OwnRun> {
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".jsonl")) : [];
    const newest = names.sort().slice(-NEWEST);
    return new Map(
        newest.flatMap((name) => {
            const run = recorded(join(folder, name));
            return run === undefined ? [] : [[name, run] as const];
        }),
    );
}
