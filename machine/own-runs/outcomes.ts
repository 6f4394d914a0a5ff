import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { OwnRun } from "../../plan/prediction/own-runs";

const size = z.object({ hosts: z.number(), machines: z.number(), conductors: z.number() });

/** One `up`: what was predicted of it, and what it was. */
const outcome = z.object({
    schema: z.literal(1),
    began: z.string(),
    stack: z.string(),
    substrate: z.string(),
    /** What the lab could use. */
    room: z.object({ cores: z.number(), memoryGib: z.number() }),
    /** Absent: there was no lab. */
    from: size.optional(),
    to: size,
    /** `seconds` is null where it was to come to no end. Errors are shares. */
    predicted: z.object({
        seconds: z.number().nullable(),
        secondsError: z.number(),
        gib: z.number(),
        gibError: z.number(),
    }),
    /** `gib` is null where it was not measured. */
    seen: z.object({ upSeconds: z.number(), gib: z.number().nullable() }),
    /** Name of the run's record, where it has one. */
    record: z.string().optional(),
});

export type Outcome = z.infer<typeof outcome>;

/** Keeps an outcome, as a line of JSON at the end of a file. */
export function keepOutcome(file: string, kept: Omit<Outcome, "schema">): void {
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, `${JSON.stringify({ schema: 1, ...kept })}\n`);
}

/** The outcomes that a file has. What is no outcome, such as a line that a killed run was writing, is left out. */
export function keptOutcomes(file: string): Outcome[] {
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
    return lines.flatMap((line) => {
        try {
            return outcome.safeParse(JSON.parse(line)).data ?? [];
        } catch {
            return [];
        }
    });
}

export const runOfOutcome = ({ began, room, substrate, from, to, seen }: Outcome): OwnRun => ({
    began,
    room,
    substrate,
    from,
    to,
    ...seen,
});
