import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { allProcesses, namespacePids, seesAllOfHostname } from "../../lib/proc";
import { UserError } from "../../plan/user-error";
import type { Ready } from "../../toolchain/ensure";
import { askPulumi } from "../stack";

/** What Pulumi writes into a lock (`lockContent` in pkg/backend/diy/lock.go of Pulumi). */
export interface Lock {
    pid: number;
    username: string;
    hostname: string;
    /** Time at which the lock was taken, RFC 3339. */
    timestamp: string;
}

/**
 * What is known of the process that holds a lock: it works, it is gone, or this process cannot tell, because the holder
 * runs where this one cannot see it.
 */
export type Holder = "works" | "gone" | "unseen";

/** The locks on the stack. Only in a folder can they be read; for another backend, none: there Pulumi names them. */
async function readLocks(ready: Ready, stack: string): Promise<Lock[]> {
    const { backendFolder } = ready.setup;
    if (backendFolder === undefined) {
        return [];
    }
    const folder = join(backendFolder, ".pulumi", "locks");
    const files = (await readdir(folder, { recursive: true }).catch(() => [])).filter(
        (name) => name.includes(`/${stack}/`) && name.endsWith(".json"),
    );
    return Promise.all(files.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as Lock));
}

/** What of the machine tells whether the holder of a lock lives. */
export interface Surroundings {
    /** As Pulumi writes it into its locks. */
    hostname: string;
    /** The numbers of every pulumi that runs, those in containers as seen in there. */
    pulumis: ReadonlySet<number>;
    /** Whether every process that can have this hostname is seen. */
    seesAll: boolean;
}

const lookAround = (): Surroundings => ({
    hostname: hostname(),
    pulumis: new Set(
        allProcesses()
            .filter(({ name }) => name === "pulumi")
            .flatMap(({ pid }) => namespacePids(pid)),
    ),
    seesAll: seesAllOfHostname(),
});

/**
 * What is known of a lock's holder. A state folder may be shared with another machine, or mounted into a container.
 * The kernel gives the number of a process to another one in time: only a pulumi counts as the holder.
 */
export function holderOf({ pid, hostname: holder }: Lock, here: Surroundings): Holder {
    if (holder !== here.hostname) {
        return "unseen";
    }
    if (here.pulumis.has(pid)) {
        return "works";
    }
    return here.seesAll ? "gone" : "unseen";
}

/**
 * Releases the lock that a killed run has left on the stack.
 * @param here tests set surroundings of their own. Default: this machine's, as they are now
 * @returns whether there was one
 * @throws UserError when the process that holds the lock still runs, or when that cannot be told from here
 */
export async function clearDeadLocks(ready: Ready, stack: string, here = lookAround()): Promise<boolean> {
    const locks = await readLocks(ready, stack);
    const held = (state: Holder): Lock[] => locks.filter((lock) => holderOf(lock, here) === state);
    const [working, unseen] = [held("works"), held("unseen")];
    if (working.length > 0) {
        const pids = working.map(({ pid }) => pid).join(", ");
        throw new UserError(
            `another pulumi (process ${pids}) works on the stack ${stack}: ` +
                `wait for it, or end it with kill -INT ${pids}`,
        );
    }
    const [lock] = unseen;
    if (lock !== undefined) {
        throw new UserError(
            `the stack ${stack} is locked by ${lock.username}@${lock.hostname} (process ${lock.pid}) since ` +
                `${lock.timestamp.slice(0, 16).replace("T", " ")} UTC. Whether that process still runs cannot be ` +
                `seen from this machine or container: wait for it or end it there. If it is gone, release its lock ` +
                `here with 'pulumi cancel --yes --stack ${stack}'`,
        );
    }
    if (locks.length === 0) {
        return false;
    }
    await askPulumi(ready, ["cancel", "--yes", "--stack", stack]);
    return true;
}
