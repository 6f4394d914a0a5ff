import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";

const PREFIX = "metal3-lab-cluster-api-";

/** Signals that ask a program to stop. The folder holds private keys and must not outlive the program. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs `work` with a folder that only its owner can read (mkdtemp makes it with mode 0700). The folder is removed when
 * `work` ends, when the process exits, and on a signal. The folder of a killed process is removed by the next run.
 *
 * @param work gets the folder, and a signal that is aborted when the process is asked to stop
 */
export async function withWorkspace<T>(work: (directory: string, signal: AbortSignal) => Promise<T>): Promise<T> {
    removeAbandoned();
    const directory = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
    const stop = new AbortController();
    const remove = (): void => rmSync(directory, { recursive: true, force: true });
    const onSignal = (signal: NodeJS.Signals): void => {
        stop.abort(new Error(`stopped by ${signal}`));
        remove();
        process.exit(128 + constants.signals[signal]);
    };
    process.once("exit", remove);
    SIGNALS.forEach((signal) => process.once(signal, onSignal));
    try {
        return await work(directory, stop.signal);
    } finally {
        SIGNALS.forEach((signal) => process.removeListener(signal, onSignal));
        process.removeListener("exit", remove);
        remove();
    }
}

/** Removes the folders of processes of this user that are no longer there. */
function removeAbandoned(): void {
    for (const name of readdirSync(tmpdir())) {
        const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
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
