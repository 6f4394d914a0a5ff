import { text } from "node:stream/consumers";
import type { z } from "zod";
import { failureText } from "../toolchain/run";
import { describeProblems } from "./pki/input";

/** Input that a task cannot work with. Its message is all that is shown. */
class InputError extends Error {
    override readonly name = "InputError";
}

/**
 * Reads one JSON document from standard input and validates it.
 *
 * @param program named in the message
 * @throws InputError with every problem at once. It never repeats the input, which holds private keys.
 */
export async function readInput<Schema extends z.ZodType>(program: string, schema: Schema): Promise<z.infer<Schema>> {
    return parseInput(program, schema, await text(process.stdin), "standard input");
}

/** {@link readInput} for a text that was read already. @param source where the text comes from, for the message */
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
        throw new InputError(`${program}: ${source} is not valid:\n${describeProblems(result.error)}`);
    }
    return result.data;
}

/**
 * What the run before printed, which Pulumi's command provider passes on at an update. Undefined at the first run.
 * @throws InputError where it cannot be read: new certificates would cut off what trusts the old ones
 */
export function earlierOutput<Schema extends z.ZodType>(program: string, schema: Schema): z.infer<Schema> | undefined {
    const earlier = process.env.PULUMI_COMMAND_STDOUT;
    return earlier === undefined || earlier === ""
        ? undefined
        : parseInput(program, schema, earlier, "PULUMI_COMMAND_STDOUT (the output of the previous run)");
}

/** Runs a program's main function; an error becomes one message on standard error and exit code 1. */
export function runMain(program: string, main: () => Promise<void>): void {
    main().catch((error: unknown) => {
        const message = failureText(error);
        process.stderr.write(message.startsWith(program) ? `${message}\n` : `${program}: ${message}\n`);
        process.exitCode = 1;
    });
}
