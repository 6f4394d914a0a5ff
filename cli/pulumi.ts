import { spawn, type ChildProcess } from "node:child_process";
import { setPriority } from "node:os";
import type { Ready } from "../toolchain/ensure";
import { repoPath } from "../toolchain/paths";

/** Niceness of Pulumi, its program and its plugins: about a tenth of the weight of others. */
const LOWER_PRIORITY = 10;

/** What Pulumi is told to do with a whole stack, without asking: the plan was looked at before, with `pulumi preview`. */
export const operation = (name: "up" | "destroy", stack: string, parallel: number): string[] => [name, "--yes", "--skip-preview", "--stack", stack, "--parallel", String(parallel)];

/**
 * Waits for the end of its input, which comes when the process that holds the other end dies, however it dies, and interrupts the process $0. (The kernel's own
 * way, PR_SET_PDEATHSIG, does so again for every thread of the parent that dies after the one before: Pulumi would take the second for "at once".)
 */
const INTERRUPT_AT_END = 'cat > /dev/null; kill -INT "$0"';

/**
 * Runs Pulumi with its own output on this process's.
 *
 * It runs in a session of its own, so that a Ctrl-C in the terminal does not reach it directly: a second signal makes Pulumi stop at once and forget what
 * was under way, and npm and the shell each send one. It is told once, and then waited for: it lets running operations end and saves its state. If this
 * process itself is killed, Pulumi is told to stop in the same way.
 *
 * @param onStart told the process id
 * @returns Pulumi's exit code, or 130 when it was interrupted
 */
export function runPulumi(ready: Ready, args: readonly string[], extraEnv: NodeJS.ProcessEnv = {}, onStart?: (pid: number) => void): Promise<number> {
    const child = spawn(ready.pulumi, args, {
        cwd: repoPath(),
        env: { ...ready.env, ...extraEnv },
        stdio: ["ignore", "inherit", "inherit"],
        detached: true,
    });
    let guard: ChildProcess | undefined;
    if (child.pid !== undefined) {
        guard = spawn("/bin/sh", ["-c", INTERRUPT_AT_END, String(child.pid)], { stdio: ["pipe", "ignore", "ignore"], detached: true });
        guard.on("error", (error) => process.stderr.write(`warning: should this process be killed, Pulumi goes on: ${error.message}\n`));
        // On this machine stands the lab, too, all of it together weighing no more than one busy thread of Pulumi's.
        setPriority(child.pid, LOWER_PRIORITY);
        onStart?.(child.pid);
    }
    let interrupted = false;
    const forward = (): void => {
        if (interrupted) return;
        interrupted = true;
        guard?.kill("SIGKILL");
        process.stderr.write("\nstopping: Pulumi ends what is under way and saves its state; this can take a minute\n");
        child.kill("SIGINT");
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    for (const signal of signals) process.on(signal, forward);
    return new Promise((resolve, reject) => {
        child.on("error", (error) => reject(new Error(`${ready.pulumi} could not be started: ${error.message}`, { cause: error })));
        child.on("exit", (code, signal) => {
            guard?.kill("SIGKILL");
            for (const name of signals) process.off(name, forward);
            if (signal !== null && !interrupted) process.stderr.write(`error: pulumi was ended by ${signal}\n`);
            resolve(interrupted ? 130 : (code ?? 1));
        });
    });
}
