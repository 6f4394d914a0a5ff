import { text } from "node:stream/consumers";
import type { z } from "zod";
import { describeProblems } from "./pki/input";

/** A mistake of the caller's: its message is all that is shown. */
export class InputError extends Error {
    override readonly name = "InputError";
}

/**
 * Reads one JSON document from standard input and judges it.
 *
 * @param program named in the message.
 * @throws InputError naming every problem at once. It never repeats the input, which holds keys.
 */
export async function readInput<Schema extends z.ZodType>(program: string, schema: Schema): Promise<z.infer<Schema>> {
    return parseInput(program, schema, await text(process.stdin), "standard input");
}

/** As {@link readInput}, of a text that is already there. */
export function parseInput<Schema extends z.ZodType>(
    program: string,
    schema: Schema,
    document: string,
    source: string,
): z.infer<Schema> {
    let value: unknown;
    try {
        value = JSON.parse(document);
    } catch {
        throw new InputError(`${program}: ${source} is not JSON (${document.length} characters)`);
    }
    const result = schema.safeParse(value);
    if (!result.success) {
        throw new InputError(`${program}: ${source} is not what it should be:\n${describeProblems(result.error)}`);
    }
    return result.data;
}

/** Runs a program's main function; an error becomes one message on standard error and exit code 1. */
export function runMain(program: string, main: () => Promise<void>): void {
    main().catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        process.stderr.write(message.startsWith(program) ? `${message}\n` : `${program}: ${message}\n`);
        process.exitCode = 1;
    });
}
