import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Makes a folder for this process alone, beneath the system's folder for temporary files. Only its owner can read it:
 * mkdtemp makes it with mode 0700. Folders of the same prefix whose process was killed are removed first.
 */
export function makeOwnFolder(prefix: string): string {
    removeAbandoned(prefix);
    return mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
}

/** Removes the folders of processes of this user that are no longer there. */
function removeAbandoned(prefix: string): void {
    for (const name of readdirSync(tmpdir()).filter((name) => name.startsWith(prefix))) {
        const pid = /^(\d+)-/.exec(name.slice(prefix.length))?.[1];
        if (pid !== undefined && !isRunning(Number(pid))) {
            rmSync(join(tmpdir(), name), { recursive: true, force: true });
        }
    }
}

function isRunning(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        // EPERM: the process runs, as another user.
        return (error as NodeJS.ErrnoException).code === "EPERM";
    }
}
