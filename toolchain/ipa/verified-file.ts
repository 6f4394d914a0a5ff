import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errorText } from "../../lib/error-text";

/** A file that somebody provides, and the SHA-256 sum that its content must have. */
export interface CheckedFile {
    /** Absolute path of a file, or an http or https address. */
    from: string;
    /** 64 hexadecimal digits, lower case. */
    sha256: string;
}

export interface CopyOptions {
    /** Told the bytes copied so far, and of how many where that is known, at most every {@link REPORT_MS}. */
    report?: (copied: number, total: number | undefined) => void;
    signal?: AbortSignal | undefined;
}

/** Longest download of one file, milliseconds: 500 MiB at 300 KiB/s. */
const LIMIT_MS = 30 * 60_000;
/** Longest time without an answer, or between two parts of it, milliseconds. */
const SILENCE_MS = 60_000;
const REPORT_MS = 10_000;

interface Source {
    content: Readable;
    /** Bytes; undefined where the server does not say. */
    size: number | undefined;
}

async function openFile(path: string): Promise<Source> {
    const found = await stat(path);
    if (!found.isFile()) {
        throw new Error("is not a file");
    }
    return { content: createReadStream(path), size: found.size };
}

async function openAddress(address: string, signal: AbortSignal): Promise<Source> {
    const { EnvHttpProxyAgent, fetch } = await import("undici");
    const dispatcher = new EnvHttpProxyAgent({ headersTimeout: SILENCE_MS, bodyTimeout: SILENCE_MS });
    const answer = await fetch(address, { dispatcher, signal });
    if (!answer.ok || answer.body === null) {
        throw new Error(`the server answered ${answer.status} ${answer.statusText}`.trim());
    }
    const length = Number(answer.headers.get("content-length"));
    return { content: Readable.fromWeb(answer.body), size: length > 0 ? length : undefined };
}

/**
 * Copies a file to another place and compares its hash on the way. A proxy of the environment is used.
 * @param to the new file; what it holds after an error is of no use
 * @throws Error with a rule about the source: it cannot be read, or its content is another one
 */
export async function copyVerified(
    { from, sha256 }: CheckedFile,
    to: string,
    options: CopyOptions = {},
): Promise<void> {
    const limit = AbortSignal.timeout(LIMIT_MS);
    const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
    const hash = createHash("sha256");
    let source: Source;
    let copied = 0;
    let reported = Date.now();
    try {
        source = from.startsWith("/") ? await openFile(from) : await openAddress(from, signal);
        const measure = new Transform({
            transform(chunk: Buffer, _encoding, done) {
                hash.update(chunk);
                copied += chunk.length;
                if (Date.now() - reported >= REPORT_MS) {
                    reported = Date.now();
                    options.report?.(copied, source.size);
                }
                done(null, chunk);
            },
        });
        await pipeline(source.content, measure, createWriteStream(to), { signal });
    } catch (error) {
        options.signal?.throwIfAborted();
        const reason = limit.aborted ? `not done after ${LIMIT_MS / 60_000} minutes` : deepestText(error);
        throw new Error(`cannot be read: ${reason}`, { cause: error });
    }
    const found = hash.digest("hex");
    if (found !== sha256) {
        throw new Error(`has the SHA-256 sum ${found} (${copied} bytes), not ${sha256} as configured`);
    }
}

/** fetch says "fetch failed", and the reason is the error's cause. */
function deepestText(error: unknown): string {
    return error instanceof Error && error.cause instanceof Error ? deepestText(error.cause) : errorText(error);
}
