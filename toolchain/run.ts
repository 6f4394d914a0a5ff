import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { finished } from "node:stream/promises";
import type { Options } from "execa";
import { errorText } from "../lib/error-text";

/** A command that failed: which one, why, the last lines of its output, and the log with all of it, if there is one. */
export class CommandError extends Error {
    constructor(
        readonly command: string,
        readonly reason: string,
        readonly tail: string,
        readonly log: string | undefined,
        /** Whether it was ended because it took too long. */
        readonly isLate = false,
    ) {
        super(`${command}: ${reason}`);
        this.name = "CommandError";
    }
}

interface RunOptions {
    cwd?: string;
    /** Variables beside those of this process's environment. */
    env?: Record<string, string | undefined>;
    /** File to which the command's whole output is appended. */
    log?: string;
    /** Longest run, milliseconds. */
    timeoutMs: number;
    signal?: AbortSignal | undefined;
    /** Text for the command's standard input. Default: none. */
    input?: string;
}

const TAIL_LINES = 25;

/** The last lines of a text, without trailing blank ones. */
export function tailOf(text: string, lines = TAIL_LINES): string {
    return text.trimEnd().split("\n").slice(-lines).join("\n");
}

/** The last line that a failed command wrote, where its own reason stands. Undefined for other errors. */
export function lastLineOf(error: unknown): string | undefined {
    return (error instanceof CommandError && error.tail.trim().split("\n").at(-1)) || undefined;
}

/** An error in one line: of a command that failed with the last line that it wrote. */
export function failureText(error: unknown): string {
    const last = lastLineOf(error);
    return last === undefined ? errorText(error) : `${errorText(error)}: ${last}`;
}

/** The last lines of a log file; empty when it cannot be read. */
export async function tailOfFile(path: string, lines = TAIL_LINES): Promise<string> {
    return tailOf(await readFile(path, "utf8").catch(() => ""), lines);
}

/** An error as a person needs it: its message, the end of the failed command's output, the path of the whole log. */
export async function failureLines(error: unknown): Promise<string[]> {
    const message = `error: ${errorText(error)}`;
    if (!(error instanceof CommandError)) {
        return [message];
    }
    const { log } = error;
    const tail = error.tail || (log === undefined ? "" : await tailOfFile(log));
    return [
        message,
        ...(tail === "" ? [] : [tail.replace(/^/gm, "    | ")]),
        ...(log === undefined ? [] : [`    the whole log: ${log}`]),
    ];
}

/**
 * Runs a command to its end.
 * @returns what it wrote to standard output, without the last newline
 * @throws CommandError when it cannot be started, does not end in time, or ends with another code than 0
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<string> {
    const settings: Options = {
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.env === undefined ? {} : { env: options.env }),
        ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
        ...(options.input === undefined ? { stdin: "ignore" } : { input: options.input }),
        timeout: options.timeoutMs,
        forceKillAfterDelay: 5_000,
        all: true,
        reject: false,
        // The output is kept in memory: a command that prints more than this fails.
        maxBuffer: 64 * 1024 * 1024,
    };
    let log: WriteStream | undefined;
    let logged: Promise<void> | undefined;
    if (options.log !== undefined) {
        await mkdir(dirname(options.log), { recursive: true });
        log = createWriteStream(options.log, { flags: "a" });
        // Awaited from the beginning: an error of a log that cannot be written would end the program if nobody
        // listened.
        logged = finished(log).catch(() => undefined);
        log.write(`$ ${[command, ...args].join(" ")}\n`);
    }
    // The Pulumi program is CommonJS, and on Node 20 CommonJS can load this ES module only by a dynamic import.
    const { execa } = await import("execa");
    const child = execa<Options>(command, args as string[], settings);
    if (log !== undefined) {
        child.all?.pipe(log);
    }
    const result = await child;
    // Whoever reads the log after a failure must find all of it.
    log?.end();
    await logged;
    if (!result.failed) {
        return String(result.stdout ?? "");
    }
    options.signal?.throwIfAborted();
    const reason = result.timedOut
        ? `did not end within ${Math.round(options.timeoutMs / 1000)} s`
        : result.exitCode !== undefined
          ? `exit code ${result.exitCode}`
          : result.signal !== undefined
            ? `ended by ${result.signal}`
            : errorText(result.cause ?? "could not be started");
    throw new CommandError(
        [command, ...args].slice(0, 4).join(" "),
        reason,
        tailOf(String(result.all ?? "")),
        options.log,
        result.timedOut,
    );
}

/** Longest look, milliseconds. Fifteen of Docker at once took more than 15 s on a machine that is ten times slower. */
const LOOK_LIMIT_MS = 60_000;

/**
 * Runs a command that only looks whether something is there.
 * @returns its output, or undefined when it fails
 * @throws CommandError when it does not end in time: no answer does not mean that there is nothing
 */
export async function look(
    command: string,
    args: readonly string[],
    options: Partial<RunOptions> = {},
): Promise<string | undefined> {
    try {
        return await run(command, args, { timeoutMs: LOOK_LIMIT_MS, ...options });
    } catch (error) {
        options.signal?.throwIfAborted();
        if (error instanceof CommandError && error.isLate) {
            throw error;
        }
        return undefined;
    }
}
