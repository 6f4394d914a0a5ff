import { rmSync } from "node:fs";
import { constants } from "node:os";
import { makeOwnFolder } from "../../lib/own-folder";

const PREFIX = "metal3-lab-cluster-api-";

/** Signals that ask a program to stop. The folder holds private keys and must not outlive the program. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs `work` with a folder that only its owner can read. The folder is removed when `work` ends, when the process
 * exits, and on a signal. The folder of a killed process is removed by the next run.
 *
 * @param work gets the folder, and a signal that is aborted when the process is asked to stop
 */
export async function withWorkspace<T>(work: (directory: string, signal: AbortSignal) => Promise<T>): Promise<T> {
    const directory = makeOwnFolder(PREFIX);
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
