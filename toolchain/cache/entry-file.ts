import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readFile, readdir, readlink, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** The manifest's name inside a cache entry. It is the last file written: an entry without one is half-written. */
export const MANIFEST = ".manifest.json";

interface FileRecord {
    /** Bytes of a file; 0 for a link. */
    size: number;
    /** SHA-256 of a file's bytes in hex, or `link:<target>`. */
    sha256: string;
    /** Permission bits. */
    mode: number;
    /** Inode and change time when the hash was last found true: while both stay, the bytes cannot have been written to. */
    seen?: string;
}

/** What a cache entry held when it was finished. */
export interface Manifest {
    name: string;
    key: string;
    /** When it was built, ISO 8601. */
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
        } else if (name !== MANIFEST) {
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

async function save(dir: string, manifest: Manifest): Promise<void> {
    const temporary = join(dir, `${MANIFEST}.${process.pid}`);
    await writeFile(temporary, JSON.stringify(manifest));
    await rename(temporary, join(dir, MANIFEST));
}

/** Records every file of a finished folder. */
export async function writeManifest(dir: string, about: Omit<Manifest, "files">): Promise<Manifest> {
    const files: Record<string, FileRecord> = {};
    for (const name of await listFiles(dir)) {
        files[name] = await record(join(dir, name));
    }
    const manifest = { ...about, files };
    await save(dir, manifest);
    return manifest;
}

/**
 * Compares a folder with its manifest.
 *
 * A file's bytes are hashed again only if its inode or change time differ from when they were last found right (a write always changes the
 * change time, and no program can set it back), or if `everything` is asked for.
 *
 * @returns the manifest, or the first difference in words
 */
export async function verifyManifest(
    dir: string,
    everything = false,
): Promise<{ manifest: Manifest } | { damage: string }> {
    let manifest: Manifest;
    try {
        manifest = JSON.parse(await readFile(join(dir, MANIFEST), "utf8")) as Manifest;
        if (typeof manifest.files !== "object") {
            throw new Error("no files");
        }
    } catch (error) {
        return {
            damage:
                (error as NodeJS.ErrnoException).code === "ENOENT"
                    ? "its manifest is missing"
                    : "its manifest cannot be read",
        };
    }
    let rehashed = false;
    for (const [name, wanted] of Object.entries(manifest.files)) {
        const path = join(dir, name);
        const at = await stamp(path).catch(() => undefined);
        if (at === undefined) {
            return { damage: `${name} is missing` };
        }
        if (at.link) {
            if (`link:${await readlink(path)}` !== wanted.sha256) {
                return { damage: `${name} points elsewhere` };
            }
            continue;
        }
        if (at.size !== wanted.size) {
            return { damage: `${name} has ${at.size} bytes, not ${wanted.size}` };
        }
        if (at.mode !== wanted.mode) {
            return { damage: `${name} has other permissions` };
        }
        if (!everything && at.seen === wanted.seen) {
            continue;
        }
        if ((await sha256(path)) !== wanted.sha256) {
            return { damage: `${name} has other content than was built` };
        }
        wanted.seen = at.seen;
        rehashed = true;
    }
    // Best effort: a cache that is read-only is still good, only slower to verify.
    if (rehashed) {
        await save(dir, manifest).catch(() => undefined);
    }
    return { manifest };
}
