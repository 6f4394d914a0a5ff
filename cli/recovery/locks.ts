import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { processStat } from "../../lib/proc";
import { UserError } from "../../plan/user-error";
import type { Ready } from "../../toolchain/ensure";
import { askPulumi } from "../stack";

/** A process that has locked a stack. */
interface LockHolder {
    pid: number;
    /** The process still runs, and is a pulumi. */
    alive: boolean;
}

/**
 * The processes that hold a lock on the stack. Only the lab's own state folder can be read; for another backend, none.
 */
async function lockHolders(ready: Ready, stack: string): Promise<LockHolder[]> {
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
            const { pid } = JSON.parse(await readFile(join(locks, name), "utf8")) as { pid: number };
            // The kernel gives a pid to another process in time: only a pulumi counts as the holder.
            return { pid: Number(pid), alive: processStat(Number(pid))?.name === "pulumi" };
        }),
    );
}

/**
 * Releases the lock that a killed run has left on the stack.
 * @returns whether there was one
 * @throws UserError when the process that holds the lock still runs
 */
export async function clearDeadLocks(ready: Ready, stack: string): Promise<boolean> {
    const holders = await lockHolders(ready, stack);
    const living = holders.filter(({ alive }) => alive);
    if (living.length > 0) {
        const pids = living.map(({ pid }) => pid).join(", ");
        throw new UserError(
            `another pulumi (process ${pids}) works on the stack ${stack}: ` +
                `wait for it, or end it with kill -INT ${pids}`,
        );
    }
    if (holders.length === 0) {
        return false;
    }
    await askPulumi(ready, ["cancel", "--yes", "--stack", stack]);
    return true;
}
