import { rm } from "node:fs/promises";
import type { Ready } from "../toolchain/ensure";
import { repoPath, stateRoot } from "../toolchain/paths";
import { passphraseFor } from "../toolchain/pulumi/passphrase";
import { removeStateId } from "../toolchain/pulumi/state-id";
import { look, run } from "../toolchain/run";
import { secretsProvider } from "./secrets-provider";
import { dropSalt, stackFile } from "./stack-file";

/** Longest wait for a Pulumi command that only reads or writes its state and runs no program, milliseconds. */
const ASK_LIMIT_MS = 60_000;

/** Runs a Pulumi command that asks or changes its state only. @returns its standard output */
export async function askPulumi(ready: Ready, args: string[], input?: string): Promise<string> {
    return run(ready.pulumi, [...args, "--non-interactive"], {
        cwd: repoPath(),
        env: ready.env,
        timeoutMs: ASK_LIMIT_MS,
        ...(input === undefined ? {} : { input }),
    });
}

/** Whether the backend knows the stack. */
export async function stackExists(ready: Ready, stack: string): Promise<boolean> {
    const known = JSON.parse(await askPulumi(ready, ["stack", "ls", "--json"])) as { name: string }[];
    return known.some(({ name }) => name === stack || name.split("/").at(-1) === stack);
}

/** Names of the other stacks of this project that the backend knows. */
export async function otherStacks(ready: Ready, stack: string): Promise<string[]> {
    const known = JSON.parse(await askPulumi(ready, ["stack", "ls", "--json"])) as { name: string }[];
    return known.map(({ name }) => name).filter((name) => name !== stack && name.split("/").at(-1) !== stack);
}

/** Chooses the stack. @param exists whether the backend knows it; if not, it is created */
export async function selectStack(ready: Ready, stack: string, exists: boolean): Promise<void> {
    if (!exists) {
        if (ready.setup.passphraseFile !== undefined) {
            await dropSalt(stackFile(stack));
        }
        const provider = await secretsProvider(stackFile(stack));
        await askPulumi(ready, [
            "stack",
            "init",
            stack,
            ...(provider === undefined ? [] : ["--secrets-provider", provider]),
        ]);
    }
    await askPulumi(ready, ["stack", "select", stack]);
}

/**
 * Removes the stack, which must be empty, and keeps its configuration file. With the last stack of a backend the lab's
 * own passphrase for it is removed, and the lab's own state folder. A backend of the person's own stays.
 */
export async function removeStack(ready: Ready, stack: string): Promise<void> {
    await askPulumi(ready, ["stack", "rm", "--yes", "--preserve-config", "--remove-backups", "--stack", stack]);
    if (ready.setup.passphraseFile !== undefined) {
        await dropSalt(stackFile(stack));
    }
    const { stateDir, passphraseFile } = ready.setup;
    const isEmpty = async (): Promise<boolean> =>
        (JSON.parse(await askPulumi(ready, ["stack", "ls", "--all", "--json"])) as unknown[]).length === 0;
    if ((stateDir === undefined && passphraseFile === undefined) || !(await isEmpty())) {
        return;
    }
    if (passphraseFile !== undefined) {
        await rm(passphraseFile, { force: true });
    }
    if (stateDir !== undefined) {
        await rm(stateDir, { recursive: true, force: true });
        await rm(passphraseFor(stateRoot(), undefined), { force: true });
        await removeStateId();
    }
    // rmdir fails, and the folder stays, when somebody keeps something else in it.
    await look("rmdir", [stateRoot()]);
}

/**
 * What the last `up` did: numbers of resources by operation.
 * @throws Error when the stack's last operation was no update.
 */
export async function lastChanges(ready: Ready, stack: string): Promise<Record<string, number>> {
    const [last] = JSON.parse(
        await askPulumi(ready, ["stack", "history", "--json", "--page-size", "1", "--stack", stack]),
    ) as { kind: string; resourceChanges?: Record<string, number> }[];
    if (last?.kind !== "update") {
        throw new Error(`the last operation of the stack ${stack} was no update: ${JSON.stringify(last?.kind)}`);
    }
    return last.resourceChanges ?? {};
}
