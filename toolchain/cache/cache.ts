import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { verifyEntry, writeEntryFile } from "./entry-file";
import { keyOf } from "./keys";
import { tryLock, withLock } from "./lock";

/**
 * Everything that a cache entry is made from. The entry's key is a hash of `inputs`: whatever changes the result must
 * be among them.
 */
export interface Recipe {
    /** Readable part of the entry's name: lower-case letters, digits, dots, dashes. */
    name: string;
    /** Values that JSON can hold: versions, flags, hashes of source files. */
    inputs: unknown;
}

export interface EnsureOptions {
    /** Called with a line for the person watching: a damaged entry, or a wait for another run. */
    notice?: (text: string) => void;
    signal?: AbortSignal | undefined;
}

/** In the place of an entry's name, for what is unpacked before it is taken over. */
const TAKEN = "taken-over";

/**
 * A folder of finished entries, each named `<name>-<12 hex digits of its recipe>`.
 *
 * An entry is built in `tmp/`, gets a list of its files, and is then renamed into place: a run killed half-way leaves
 * nothing that looks finished. An entry is verified at each use, and made again when one of its files is missing or
 * changed. One run at a time makes an entry; others wait for it.
 */
export class Cache {
    constructor(readonly root: string) {
        if (!root.startsWith("/")) {
            throw new Error(`the cache's folder must be an absolute path, not "${root}"`);
        }
    }

    idOf(recipe: Recipe): string {
        if (!/^[a-z0-9][a-z0-9.-]*$/.test(recipe.name)) {
            throw new Error(`"${recipe.name}" cannot be the name of a cache entry`);
        }
        return `${recipe.name}-${keyOf(recipe.inputs)}`;
    }

    /** The entry's folder, whether it is there or not. */
    pathOf(recipe: Recipe): string {
        return join(this.root, "entries", this.idOf(recipe));
    }

    /** Whether the entry is there and whole, and if it is damaged, how. Makes nothing. */
    async stateOf(recipe: Recipe): Promise<{ state: "present" | "missing" | "damaged"; damage?: string }> {
        const path = this.pathOf(recipe);
        if (!existsSync(path)) {
            return { state: "missing" };
        }
        const { damage } = await verifyEntry(path);
        return damage === undefined ? { state: "present" } : { state: "damaged", damage };
    }

    /**
     * Makes sure that the entry is there and whole.
     * @param build fills the empty folder it is given. When it throws, that folder is removed
     * @returns the entry's folder
     * @throws the error of `build`
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
                // Another run may have made the entry during the wait.
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
            { signal: options.signal, onWait: () => options.notice?.(`waiting for another run that is making ${id}`) },
        );
    }

    /** Whether an entry of that name is there and whole. */
    async has(id: string): Promise<boolean> {
        const path = join(this.root, "entries", id);
        return existsSync(path) && (await verifyEntry(path)).damage === undefined;
    }

    /**
     * Takes over entries that another machine has made. Those that are there and whole stay.
     * @param unpack fills the empty folder it is given, with one folder for each entry
     * @throws Error, before one is taken, when a name is none of an entry, or an entry is not as it was built
     */
    async takeOver(
        ids: readonly string[],
        unpack: (dir: string) => Promise<void>,
        signal?: AbortSignal,
    ): Promise<void> {
        const wrong = ids.find((id) => !/^[a-z0-9][a-z0-9.-]*-[0-9a-f]{12}$/.test(id));
        if (wrong !== undefined) {
            throw new Error(`"${wrong}" cannot be the name of a cache entry`);
        }
        const take = async (): Promise<void> => {
            await this.removeLeftovers(TAKEN);
            const dir = join(this.tmp, `${TAKEN}~${process.pid}-${Date.now().toString(36)}`);
            await mkdir(dir, { recursive: true });
            await mkdir(join(this.root, "entries"), { recursive: true });
            try {
                await unpack(dir);
                for (const id of ids) {
                    const { damage } = await verifyEntry(join(dir, id));
                    if (damage !== undefined) {
                        throw new Error(`${id} is not as it was built: ${damage}`);
                    }
                }
                for (const id of ids) {
                    await withLock(this.lockOf(id), id, () => this.replace(id, join(dir, id)), { signal });
                }
            } finally {
                await discard(dir);
            }
        };
        await withLock(this.lockOf(TAKEN), "entries of another machine", take, { signal });
    }

    /** Removes what killed runs left in `tmp/`, and nothing that a living run works on. @returns the names removed */
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

    /** To be called under the entry's lock. */
    private async replace(id: string, from: string): Promise<void> {
        if (!(await this.has(id))) {
            await discard(join(this.root, "entries", id));
            await rename(from, join(this.root, "entries", id));
        }
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
            await writeEntryFile(temporary, {
                name: recipe.name,
                key: keyOf(recipe.inputs),
                built: new Date().toISOString(),
                seconds,
            });
            // rename() replaces no folder that holds files, so a damaged entry is removed first. The lock keeps other
            // runs from looking at this moment.
            await discard(path);
            await rename(temporary, path);
        } catch (error) {
            await discard(temporary);
            throw error;
        }
    }

    /** To be called under the entry's lock: then no living process owns a temporary folder of that entry. */
    private async removeLeftovers(id: string): Promise<string[]> {
        const left = (await readdir(this.tmp).catch(() => [])).filter((name) => name.startsWith(`${id}~`));
        for (const name of left) {
            await discard(join(this.tmp, name));
        }
        return left;
    }
}

async function discard(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

/** Sets the folder's time to now: it tells a person who cleans up when an entry was last used. */
async function touch(path: string): Promise<void> {
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined);
}
