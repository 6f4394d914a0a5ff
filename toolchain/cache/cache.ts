import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { verifyManifest, writeManifest, type Manifest } from "./entry-file";
import { keyOf } from "./keys";
import { tryLock, withLock } from "./lock";

/** What a cache entry is made from: its key is a hash of `inputs`, so that whatever changes the result must be in there. */
export interface Recipe {
    /** Readable part of the entry's name: lower-case letters, digits, dots, dashes. */
    name: string;
    /** JSON-able: versions, flags, hashes of source files. */
    inputs: unknown;
}

export type EntryState = "present" | "missing" | "damaged";

export interface EnsureOptions {
    /** A line for the person watching (a damaged entry, waiting for another run). */
    notice?: (text: string) => void;
    signal?: AbortSignal | undefined;
}

/**
 * A folder of finished things, each named `<name>-<12 hex digits of its recipe>`.
 *
 * An entry is built in `tmp/`, gets a manifest of its files, and only then its name, by a rename: a run killed half-way leaves nothing that looks
 * finished. Each is verified at use, and made again when a file of it is missing or changed. One run at a time makes an entry; others wait for it.
 */
export class Cache {
    constructor(readonly root: string) {
        if (!root.startsWith("/")) {
            throw new Error(`the cache's folder must be an absolute path, not "${root}"`);
        }
    }

    idOf(recipe: Recipe): string {
        if (!/^[a-z0-9][a-z0-9.-]*$/.test(recipe.name)) {
            throw new Error(`"${recipe.name}" is no name for a cache entry`);
        }
        return `${recipe.name}-${keyOf(recipe.inputs)}`;
    }

    /** Where the entry is or would be. */
    pathOf(recipe: Recipe): string {
        return join(this.root, "entries", this.idOf(recipe));
    }

    /** Looks without touching. */
    async stateOf(recipe: Recipe): Promise<{ state: EntryState; manifest?: Manifest; damage?: string }> {
        const path = this.pathOf(recipe);
        if (!existsSync(path)) {
            return { state: "missing" };
        }
        const verdict = await verifyManifest(path);
        return "manifest" in verdict
            ? { state: "present", manifest: verdict.manifest }
            : { state: "damaged", damage: verdict.damage };
    }

    /**
     * The entry's folder, built by `build` into an empty folder if it is not there or not whole.
     * @param build fills the folder it is given; when it throws, the folder is removed and the error is the caller's
     */
    async ensure(recipe: Recipe, build: (dir: string) => Promise<void>, options: EnsureOptions = {}): Promise<string> {
        const path = this.pathOf(recipe);
        if ((await this.stateOf(recipe)).state === "present") {
            await touch(path);
            return path;
        }
        const id = this.idOf(recipe);
        return withLock(
            this.lockOf(id),
            id,
            async () => {
                // Another run may have made it while we waited.
                const now = await this.stateOf(recipe);
                if (now.state === "present") {
                    return path;
                }
                if (now.state === "damaged") {
                    options.notice?.(`${id} in the cache is damaged (${now.damage}): making it again`);
                }
                await this.removeLeftovers(id);
                await this.build(recipe, id, path, build);
                return path;
            },
            { signal: options.signal, onWait: () => options.notice?.(`another run is making ${id}: waiting for it`) },
        );
    }

    /** Removes what killed runs left in `tmp/`. What a living run is working on is left alone. */
    async sweep(): Promise<string[]> {
        const removed: string[] = [];
        const ids = new Set((await readdir(this.tmp).catch(() => [])).map((name) => name.replace(/~.*$/, "")));
        for (const id of ids) {
            const release = await tryLock(this.lockOf(id));
            if (release === undefined) {
                continue;
            }
            try {
                removed.push(...(await this.removeLeftovers(id)));
            } finally {
                await release();
            }
        }
        return removed;
    }

    private get tmp(): string {
        return join(this.root, "tmp");
    }

    private lockOf(id: string): string {
        return join(this.root, "locks", id);
    }

    private async build(
        recipe: Recipe,
        id: string,
        path: string,
        build: (dir: string) => Promise<void>,
    ): Promise<void> {
        const temporary = join(this.tmp, `${id}~${process.pid}-${Date.now().toString(36)}`);
        const started = Date.now();
        await mkdir(temporary, { recursive: true });
        await mkdir(join(this.root, "entries"), { recursive: true });
        try {
            await build(temporary);
            const seconds = Math.round((Date.now() - started) / 1000);
            await writeManifest(temporary, {
                name: recipe.name,
                key: keyOf(recipe.inputs),
                built: new Date().toISOString(),
                seconds,
            });
            // rename() replaces no folder that holds files: the damaged one goes first. Its name is gone only for this moment, under the lock.
            await discard(path);
            await rename(temporary, path);
        } catch (error) {
            await discard(temporary);
            throw error;
        }
    }

    /** Only under the entry's lock: then no living process owns a temporary folder of that entry. */
    private async removeLeftovers(id: string): Promise<string[]> {
        const left = (await readdir(this.tmp).catch(() => [])).filter((name) => name.startsWith(`${id}~`));
        for (const name of left) {
            await discard(join(this.tmp, name));
        }
        return left;
    }
}

/** Go's module cache and toolchain make folders read-only; rm as root does not care, others must be able to as well. */
async function discard(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

/** The folder's time says when an entry was last used, for whoever cleans up. */
async function touch(path: string): Promise<void> {
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined);
}
