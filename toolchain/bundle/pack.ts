import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { tailOf } from "../run";
import type { Part } from "./archive.mjs";

/**
 * Level of the compression. The highest makes a bundle an eighth smaller and takes three times as long, which is
 * minutes on two cores.
 */
const LEVEL = 1;

/** Lets everything through, and shows it to `see`. */
function watch(see: (piece: Buffer) => void): Transform {
    return new Transform({
        transform(piece: Buffer, _encoding, done) {
            see(piece);
            done(null, piece);
        },
    });
}

/**
 * Runs a command and compresses what it writes into a file.
 * @param see called with the number of bytes that the command has written so far
 * @throws Error with the end of the command's complaints when it fails; the signal's reason when it is stopped
 */
export async function pack(
    command: string,
    args: readonly string[],
    to: string,
    options: { signal?: AbortSignal | undefined; see?: (bytes: number) => void } = {},
): Promise<Part> {
    const { signal, see } = options;
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...(signal ? { signal } : {}) });
    // Listened to from the beginning: the command may end, or fail to start, before its output has been written.
    const closed = once(child, "close") as Promise<[number | null, string | null]>;
    closed.catch(() => undefined);
    const hash = createHash("sha256");
    const part = { size: 0, unpacked: 0 };
    let complaints = "";
    child.stderr.on("data", (piece: Buffer) => (complaints += piece.toString()));
    try {
        await pipeline(
            child.stdout,
            watch(({ length }) => see?.((part.unpacked += length))),
            createGzip({ level: LEVEL }),
            watch((piece) => {
                hash.update(piece);
                part.size += piece.length;
            }),
            createWriteStream(to),
        );
        const [code, end] = await closed;
        if (code !== 0) {
            throw new Error(`${command} ${args[0]}: ${end ?? `exit code ${code}`}\n${tailOf(complaints)}`);
        }
    } catch (error) {
        // A person who has stopped it is told that, and not what broke by it.
        signal?.throwIfAborted();
        // The command would wait forever for somebody to read on.
        child.kill();
        throw error;
    }
    return { ...part, sha256: hash.digest("hex") };
}
