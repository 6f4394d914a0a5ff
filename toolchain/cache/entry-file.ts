import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readFile, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { replaceFile } from "../../lib/replace-file";

/** The name of the entry file inside a cache entry. It is written last: an entry without one is half-written. */
export const ENTRY_FILE = ".manifest.json";

interface FileRecord {
    /** Bytes; 0 for a link. */
    size: number;
    /** SHA-256 of the bytes in hex, or `link:<target>` for a link. */
    sha256: string;
    /** Permission bits. */
    mode: number;
    /**
     * Inode and change time when the hash was last compared: while both stay, nobody can have written to the bytes.
     * Absent for a link.
     */
    seen?: string;
}

/** The files of a cache entry at the moment when it was finished. */
export interface CacheEntryFile {
    name: string;
    key: string;
    /** Time of the build, ISO 8601. */
    built: string;
    /** Seconds the build took. */
    seconds: number;
    files: Record<string, FileRecord>;
}

async function listFiles(dir: string, prefix = ""): Promise<string[]> {
    const found: string[] = [];
    for (const child of await readdir(join(dir, prefix), { withFileTypes: true })) {
        const name = prefix ? `${prefix}/${child.name}` : child.name;
        if (child.isDirectory()) {
            found.push(...(await listFiles(dir, name)));
        } else if (name !== ENTRY_FILE) {
            found.push(name);
        }
    }
    return found.sort();
}

async function sha256(path: string): Promise<string> {
    const hash = createHash("sha256");
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
    return hash.digest("hex");
}

async function stamp(path: string): Promise<{ size: number; mode: number; link: boolean; seen: string }> {
    const info = await lstat(path, { bigint: true });
    return {
        size: Number(info.size),
        mode: Number(info.mode & 0o7777n),
        link: info.isSymbolicLink(),
        seen: `${info.ino}:${info.ctimeNs}`,
    };
}

async function record(path: string): Promise<FileRecord> {
    const at = await stamp(path);
    if (at.link) {
        return { size: 0, sha256: `link:${await readlink(path)}`, mode: 0 };
    }
    return { size: at.size, sha256: await sha256(path), mode: at.mode, seen: at.seen };
}

const save = (dir: string, entry: CacheEntryFile): Promise<void> =>
    replaceFile(join(dir, ENTRY_FILE), JSON.stringify(entry));

/** Records every file of a finished folder. */
export async function writeEntryFile(dir: string, about: Omit<CacheEntryFile, "files">): Promise<void> {
    const files: Record<string, FileRecord> = {};
    for (const name of await listFiles(dir)) {
        files[name] = await record(join(dir, name));
    }
    await save(dir, { ...about, files });
}

async function read(dir: string): Promise<CacheEntryFile | { damage: string }> {
    try {
        const entry = JSON.parse(await readFile(join(dir, ENTRY_FILE), "utf8")) as Partial<CacheEntryFile>;
        return typeof entry.files === "object" && entry.files !== null
            ? (entry as CacheEntryFile)
            : { damage: `its ${ENTRY_FILE} lists no files` };
    } catch (error) {
        const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
        return { damage: `its ${ENTRY_FILE} ${missing ? "is missing" : "cannot be read"}` };
    }
}

/** Compares one file with its record. @returns the difference in words, or the file's inode and change time */
async function compare(
    path: string,
    name: string,
    wanted: FileRecord,
): Promise<{ damage: string } | { seen: string | undefined }> {
    const at = await stamp(path).catch(() => undefined);
    if (at === undefined) {
        return { damage: `${name} is missing` };
    }
    if (at.link) {
        const same = `link:${await readlink(path)}` === wanted.sha256;
        return same ? { seen: wanted.seen } : { damage: `${name} points elsewhere` };
    }
    if (at.size !== wanted.size) {
        return { damage: `${name} has ${at.size} bytes, not ${wanted.size}` };
    }
    if (at.mode !== wanted.mode) {
        return { damage: `${name} has other permissions` };
    }
    if (at.seen !== wanted.seen && (await sha256(path)) !== wanted.sha256) {
        return { damage: `${name} has other content than was built` };
    }
    return { seen: at.seen };
}

/**
 * Compares a cache entry with its entry file.
 *
 * The bytes of a file are hashed again only if its inode or change time differ from those at the last comparison: a
 * write always changes the change time, and no program can set it back.
 *
 * @returns the first difference in words; nothing where there is none
 */
export async function verifyEntry(dir: string): Promise<{ damage?: string }> {
    const entry = await read(dir);
    if ("damage" in entry) {
        return entry;
    }
    let hashed = false;
    for (const [name, wanted] of Object.entries(entry.files)) {
        const found = await compare(join(dir, name), name, wanted);
        if ("damage" in found) {
            return found;
        }
        if (found.seen !== undefined && found.seen !== wanted.seen) {
            wanted.seen = found.seen;
            hashed = true;
        }
    }
    if (hashed) {
        // A cache that is read-only is still good: the next comparison hashes once more.
        await save(dir, entry).catch(() => undefined);
    }
    return {};
}
