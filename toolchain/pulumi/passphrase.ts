import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const NAME = "passphrase";

/** Hexadecimal digits that tell backends apart in the names of files. */
const DIGITS = 12;

/**
 * The file of the lab's own passphrase for a backend. Each backend has one of its own, because the passphrase of the
 * lab's state folder goes with the last stack in it.
 * @param state the folder of everything that must not be lost
 * @param place where the person's own backend is; undefined: the lab's state folder
 */
export function passphraseFor(state: string, place: string | undefined): string {
    const which = place && createHash("sha256").update(place).digest("hex").slice(0, DIGITS);
    return join(state, which === undefined ? NAME : `${NAME}-${which}`);
}

/** Whether a file is one of the lab's own passphrases, which a shell may have from an earlier `npm run env`. */
export const isLabPassphrase = (state: string, file: string): boolean =>
    dirname(file) === state && new RegExp(`/${NAME}(-[0-9a-f]{${DIGITS}})?$`).test(file);

/**
 * Makes a passphrase file, which only this user can read. One that exists is never replaced, because secrets depend on
 * it. For a backend of a person's own the lab's first passphrase is taken over where there is one: an earlier version
 * used it for every backend.
 */
export async function ensurePassphrase(file: string): Promise<void> {
    if (existsSync(file)) {
        return;
    }
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const earlier = await readFile(join(dirname(file), NAME), "utf8").catch(() => undefined);
    // Each caller has a name of its own, also within one process.
    const temporary = `${file}.${randomBytes(6).toString("hex")}`;
    await writeFile(temporary, earlier ?? `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
    try {
        // link() refuses to replace: of two runs at the same time one wins, and both use the winner's.
        await link(temporary, file);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
            throw error;
        }
    } finally {
        await rm(temporary, { force: true });
    }
}
