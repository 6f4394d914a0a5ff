import { existsSync } from "node:fs";
import { readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, parseDocument } from "yaml";
import type { Ready } from "../toolchain/ensure";
import type { WantedImages } from "../toolchain/images/reference";
import { cacheRoot, repoPath, stateRoot } from "../toolchain/paths";
import { look, run } from "../toolchain/run";
import { findLeftovers, knownIds, removeLeftovers } from "./recovery/docker-leftovers";
import { endOrphanedPlugins } from "./recovery/orphaned-plugins";

/** Longest answer of the CLI about its own state (no program runs). */
const ASK_LIMIT_MS = 60_000;

/** The configuration file of a stack. */
export function stackFile(stack: string): string {
    // A fully qualified name, organisation/project/stack, has its file named by the last part.
    return repoPath(`Pulumi.${stack.split("/").at(-1)}.yaml`);
}

/** Raw configuration of a stack, without the project's prefix; empty when there is no file. */
export async function stackConfig(stack: string): Promise<Record<string, unknown>> {
    const file = stackFile(stack);
    if (!existsSync(file)) {
        return {};
    }
    const config =
        ((parse(await readFile(file, "utf8")) as { config?: Record<string, unknown> } | null) ?? {}).config ?? {};
    return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace(/^[^:]*:/, ""), value]));
}

/**
 * The `images` of a stack's configuration. Malformed values count as unset here: the program judges the configuration, with one message for all of it.
 */
export async function wantedImages(stack: string): Promise<WantedImages> {
    let value = (await stackConfig(stack))["images"];
    if (typeof value === "string") {
        try {
            value = JSON.parse(value);
        } catch {
            value = undefined;
        }
    }
    const images = (typeof value === "object" && value !== null ? value : {}) as {
        source?: unknown;
        overrides?: unknown;
    };
    const overrides =
        typeof images.overrides === "object" && images.overrides !== null ? Object.entries(images.overrides) : [];
    return {
        source: images.source === "pull" ? "pull" : "build",
        overrides: Object.fromEntries(
            overrides.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
        ),
    };
}

async function ask(ready: Ready, args: string[], input?: string): Promise<string> {
    return run(ready.pulumi, [...args, "--non-interactive"], {
        cwd: repoPath(),
        env: ready.env,
        timeoutMs: ASK_LIMIT_MS,
        ...(input === undefined ? {} : { input }),
    });
}

/** Whether the backend knows the stack. */
export async function stackExists(ready: Ready, stack: string): Promise<boolean> {
    const known = JSON.parse(await ask(ready, ["stack", "ls", "--json"])) as { name: string }[];
    return known.some(({ name }) => name === stack || name.split("/").at(-1) === stack);
}

/**
 * Removes the salt that a passphrase stack leaves in its configuration file, unless a secret of the file needs it. A salt of a stack that is gone fits no new
 * passphrase: Pulumi would refuse to create the stack again.
 */
export async function dropSalt(file: string): Promise<boolean> {
    if (!existsSync(file)) {
        return false;
    }
    const text = await readFile(file, "utf8");
    if (/^\s+secure:/m.test(text) || !/^encryptionsalt:/m.test(text)) {
        return false;
    }
    const document = parseDocument(text);
    document.delete("encryptionsalt");
    const rest =
        document.contents === null || text.replace(/^encryptionsalt:.*$/m, "").trim() === "" ? "" : document.toString();
    if (rest === "") {
        await rm(file);
        return true;
    }
    await writeFile(`${file}.${process.pid}`, rest);
    await rename(`${file}.${process.pid}`, file);
    return true;
}

/** Chooses the stack, creating it where the backend does not know it. */
export async function selectStack(ready: Ready, stack: string): Promise<void> {
    if (!(await stackExists(ready, stack))) {
        if (ready.setup.passphraseFile !== undefined) {
            await dropSalt(stackFile(stack));
        }
        await ask(ready, ["stack", "init", stack]);
    }
    await ask(ready, ["stack", "select", stack]);
}

/** The processes that hold a lock on the stack in a state folder of ours. */
export async function lockHolders(ready: Ready, stack: string): Promise<{ pid: number; alive: boolean }[]> {
    const { stateDir } = ready.setup;
    if (stateDir === undefined) {
        return [];
    }
    const locks = join(stateDir, ".pulumi", "locks");
    const files = (await readdir(locks, { recursive: true }).catch(() => [])).filter(
        (name) => name.includes(`/${stack}/`) && name.endsWith(".json"),
    );
    return Promise.all(
        files.map(async (name) => {
            const pid = Number((JSON.parse(await readFile(join(locks, name), "utf8")) as { pid: number }).pid);
            // A pid is used again in time: only a pulumi counts as the holder.
            const comm = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
            return { pid, alive: comm.trim() === "pulumi" };
        }),
    );
}

/**
 * A run killed half-way leaves its lock behind. It is taken away when its process is dead; a living one is an error.
 * @returns whether one was taken away
 */
export async function clearDeadLocks(ready: Ready, stack: string): Promise<boolean> {
    const holders = await lockHolders(ready, stack);
    const living = holders.filter(({ alive }) => alive);
    if (living.length > 0) {
        throw new Error(
            `the stack ${stack} is being worked on by process ${living.map(({ pid }) => pid).join(", ")} (pulumi): wait for it, or end it with kill -INT`,
        );
    }
    if (holders.length === 0) {
        return false;
    }
    await ask(ready, ["cancel", "--yes", "--stack", stack]);
    return true;
}

/** Removes the stack (which must be empty) and keeps its configuration; with the last stack the lab's state folder goes as well. */
export async function removeStack(ready: Ready, stack: string): Promise<void> {
    await ask(ready, ["stack", "rm", "--yes", "--preserve-config", "--remove-backups", "--stack", stack]);
    if (ready.setup.passphraseFile !== undefined) {
        await dropSalt(stackFile(stack));
    }
    const { stateDir } = ready.setup;
    if (
        stateDir === undefined ||
        (JSON.parse(await ask(ready, ["stack", "ls", "--all", "--json"])) as unknown[]).length > 0
    ) {
        return;
    }
    await rm(stateDir, { recursive: true, force: true });
    await rm(join(stateRoot(), "passphrase"), { force: true });
    // The folder goes only if nothing of anybody else is in it.
    await look("rmdir", [stateRoot()]);
}

/** A resource of a stack's state (pulumi/sdk, apitype.ResourceV3), as far as it matters here. */
export interface StateResource {
    urn: string;
    type: string;
    custom?: boolean;
    id?: string;
    inputs?: {
        apiVersion?: unknown;
        kind?: unknown;
        name?: unknown;
        metadata?: { name?: unknown; namespace?: unknown };
    } & Record<string, unknown>;
    outputs?: Record<string, unknown>;
    parent?: string;
    /** URN and id. */
    provider?: string;
    dependencies?: string[];
    propertyDependencies?: Record<string, string[] | null>;
}

/** A stack's state as Pulumi exports it and takes it back; a stack that has never been up has no deployment. */
export interface StackState {
    deployment?: {
        resources?: StateResource[];
        /** What a killed run had begun and not ended (pulumi/sdk, apitype.OperationV2). */
        pending_operations?: { type: string }[];
    };
}

/** Looks into the stack's state. */
export async function exportState(ready: Ready, stack: string): Promise<StackState> {
    return JSON.parse(await ask(ready, ["stack", "export", "--stack", stack])) as StackState;
}

/** What the last `up` did: numbers of resources by operation. @throws Error when something else was done since. */
export async function lastChanges(ready: Ready, stack: string): Promise<Record<string, number>> {
    const [last] = JSON.parse(
        await ask(ready, ["stack", "history", "--json", "--page-size", "1", "--stack", stack]),
    ) as { kind: string; resourceChanges?: Record<string, number> }[];
    if (last?.kind !== "update") {
        throw new Error(`the last operation of the stack ${stack} was no update: ${JSON.stringify(last?.kind)}`);
    }
    return last.resourceChanges ?? {};
}

/** Puts another state in its place, without the operations that a killed run had begun: about them every later command would warn. */
export async function importSettled(ready: Ready, stack: string, state: StackState): Promise<void> {
    const deployment = { ...state.deployment };
    delete deployment.pending_operations;
    await ask(ready, ["stack", "import", "--stack", stack], JSON.stringify({ ...state, deployment }));
}

/**
 * Puts right what a run that was killed left: its lock, its plugins, what it made in Docker and did not note, and what it had begun.
 * @param resume takes what it had made and not noted into the state, as it is, to go on with it. Without it, what is in Docker is removed, and the rest forgotten.
 * @returns the number of resources in the state
 */
export async function recover(
    ready: Ready,
    stack: string,
    say: (text: string) => void,
    resume?: (state: StackState) => Promise<void>,
): Promise<number> {
    const killed = await clearDeadLocks(ready, stack);
    if (killed) {
        say("took away the lock of a run that was killed");
    }
    // Only in the lab's own home, whoever set the variable: in a shell that has the lab's environment (npm run env) it is set already.
    const home = join(cacheRoot(), "pulumi-home");
    if (ready.env["PULUMI_HOME"] === home) {
        await endOrphanedPlugins(home, say);
    }
    await selectStack(ready, stack);
    let state = await exportState(ready, stack);
    if (resume && (killed || state.deployment?.pending_operations?.some(({ type }) => type === "creating"))) {
        await resume(state);
        state = await exportState(ready, stack);
    }
    const resources = state.deployment?.resources ?? [];
    await removeLeftovers(await findLeftovers(stack, knownIds(resources)), say);
    const begun = state.deployment?.pending_operations?.length ?? 0;
    if (begun === 0) {
        return resources.length;
    }
    // Whatever they had made is gone by now.
    await importSettled(ready, stack, state);
    say(`forgot ${begun} operation${begun > 1 ? "s" : ""} that a run which was killed had begun`);
    return resources.length;
}
