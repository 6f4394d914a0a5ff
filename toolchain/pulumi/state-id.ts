import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stateRoot } from "../paths";

const file = (env: NodeJS.ProcessEnv): string => join(stateRoot(env), "id");

/**
 * The id of the lab's own state folder; undefined when there is none yet. Unlike the folder's path, the id stays when
 * the folder moves, and two machines, or two containers that share a Docker daemon, never have the same.
 */
export async function readStateId(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
    try {
        return (await readFile(file(env), "utf8")).trim() || undefined;
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") {
            return undefined;
        }
        throw error;
    }
}

/** The id of the lab's own state folder, made where there is none. It is never replaced: labs are recognised by it. */
export async function ensureStateId(env: NodeJS.ProcessEnv = process.env): Promise<string> {
    const id = await readStateId(env);
    if (id !== undefined) {
        return id;
    }
    await mkdir(stateRoot(env), { recursive: true, mode: 0o700 });
    const made = randomUUID();
    const temporary = `${file(env)}.${made}`;
    await writeFile(temporary, `${made}\n`, { mode: 0o600 });
    try {
        // link() refuses to replace a file: of two runs at the same time one wins, and both use the winner's id.
        await link(temporary, file(env));
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
            throw error;
        }
    } finally {
        await rm(temporary, { force: true });
    }
    return (await readStateId(env)) ?? made;
}

/** Removes the id with the last stack of the state folder. */
export async function removeStateId(env: NodeJS.ProcessEnv = process.env): Promise<void> {
    await rm(file(env), { force: true });
}
