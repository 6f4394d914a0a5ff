import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { setPriority } from "node:os";
import type { Ready } from "../toolchain/ensure";
import { repoPath } from "../toolchain/paths";

/** Niceness of Pulumi, its program and its plugins: about a tenth of the weight of others. */
const LOWER_PRIORITY = 10;

/** What Pulumi is told to do with a whole stack, without asking: the plan was looked at before, with `pulumi preview`. */
export const operation = (name: "up" | "destroy", stack: string, parallel: number): string[] => [name, "--yes", "--skip-preview", "--stack", stack, "--parallel", String(parallel)];

/** Sends a signal to the command when this process dies, however it dies. From util-linux, on every Debian. */
const SETPRIV = "/usr/bin/setpriv";

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
    const [command, ...prefix] = existsSync(SETPRIV) ? [SETPRIV, "--pdeathsig", "INT", ready.pulumi] : [ready.pulumi];
    const child = spawn(command as string, [...prefix, ...args], {
        cwd: repoPath(),
        env: { ...ready.env, ...extraEnv },
        stdio: ["ignore", "inherit", "inherit"],
        detached: true,
    });
    if (child.pid !== undefined) {
        // On this machine stands the lab, too, all of it together weighing no more than one busy thread of Pulumi's.
        setPriority(child.pid, LOWER_PRIORITY);
        onStart?.(child.pid);
    }
    let interrupted = false;
    const forward = (): void => {
        if (interrupted) return;
        interrupted = true;
        process.stderr.write("\nstopping: Pulumi ends what is under way and saves its state; this can take a minute\n");
        child.kill("SIGINT");
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    for (const signal of signals) process.on(signal, forward);
    return new Promise((resolve, reject) => {
        child.on("error", (error) => reject(new Error(`${ready.pulumi} could not be started: ${error.message}`, { cause: error })));
        child.on("exit", (code, signal) => {
            for (const name of signals) process.off(name, forward);
            if (signal !== null && !interrupted) process.stderr.write(`error: pulumi was ended by ${signal}\n`);
            resolve(interrupted ? 130 : (code ?? 1));
        });
    });
}
