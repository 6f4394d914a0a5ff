/**
 * The child processes of the language host: programs, plugins and package managers. Each has its own process group.
 * None outlives the host.
 */
import { ChildProcess, SpawnOptions, spawn } from "node:child_process";

/** Milliseconds from SIGINT to SIGKILL of a child's process group. */
const KILL_AFTER_MS = 5_000;

export interface Ending {
    code: number | null;
    signal: NodeJS.Signals | null;
}

const running = new Map<ChildProcess, Promise<Ending>>();

/** Starts a child in a process group of its own. */
export function start(
    program: string,
    args: readonly string[],
    options: SpawnOptions,
): { child: ChildProcess; ended: Promise<Ending> } {
    const child = spawn(program, args, { ...options, detached: true });
    const ended = new Promise<Ending>((resolve, reject) => {
        child.once("error", (error) => reject(new Error(`cannot run ${program}: ${error.message}`)));
        child.once("close", (code, signal) => resolve({ code, signal }));
    }).finally(() => running.delete(child));
    running.set(child, ended);
    return { child, ended };
}

/** Asks the child's process group to end, and kills it after {@link KILL_AFTER_MS}. */
export function end(child: ChildProcess): void {
    signalGroup(child, "SIGINT");
    const timer = setTimeout(() => signalGroup(child, "SIGKILL"), KILL_AFTER_MS);
    child.once("close", () => clearTimeout(timer));
}

/** Ends all children and waits for their ends. */
export async function endAll(): Promise<void> {
    const all = [...running];
    all.forEach(([child]) => end(child));
    await Promise.allSettled(all.map(([, ended]) => ended));
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
        return;
    }
    try {
        process.kill(-child.pid, signal);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
            throw error;
        }
    }
}
