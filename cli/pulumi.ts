import { spawn, type ChildProcess } from "node:child_process";
import { rmSync } from "node:fs";
import { setPriority } from "node:os";
import { makeOwnFolder } from "../lib/own-folder";
import type { Ready } from "../toolchain/ensure";
import { repoPath } from "../toolchain/paths";
import { stackConfig } from "./stack-file";

/**
 * Niceness of Pulumi, its program and its plugins. With it they get about a tenth of the CPU time of another process.
 */
const LOWER_PRIORITY = 10;

/** Arguments for an operation on a whole stack. Pulumi does not ask: a person sees the plan with `pulumi preview`. */
export const operation = (name: "up" | "destroy", stack: string, parallel: number): string[] => [
    name,
    "--yes",
    "--skip-preview",
    "--stack",
    stack,
    "--parallel",
    String(parallel),
];

/**
 * Script of a process that guards Pulumi, whose process id is $0. Its input ends when the process that holds the other
 * end dies, in whatever way; then it interrupts Pulumi. The kernel's own means, PR_SET_PDEATHSIG, sends one signal for
 * each thread of the parent that dies, and Pulumi would stop at once at the second signal, without saving what is under
 * way.
 */
const INTERRUPT_AT_END = 'cat > /dev/null; kill -INT "$0"';

/**
 * Prefix of Pulumi's own folder for temporary files. Pulumi's Kubernetes provider writes the kubeconfig of each of its
 * providers there, with the key of an administrator, and leaves it (pulumi-kubernetes 4.25.0, provider.go, Configure).
 */
const TEMPORARY = "metal3-scale-lab-pulumi-";

/**
 * Runs Pulumi, with its output in this process's output.
 *
 * What it writes to the folder for temporary files is removed at its end, or by the next run after a kill.
 *
 * Pulumi runs in a session of its own, so that a Ctrl-C in the terminal does not reach it directly. At a second signal
 * Pulumi stops at once and forgets what is under way, and npm and the shell each send one. So Pulumi gets one signal
 * from here, ends the operations that run, saves its state, and is waited for. If this process is killed, Pulumi is
 * interrupted, too.
 *
 * @param onStart told Pulumi's process id
 * @returns Pulumi's exit code, or 130 when it was interrupted
 */
export function runPulumi(
    ready: Ready,
    args: readonly string[],
    extraEnv: NodeJS.ProcessEnv = {},
    onStart?: (pid: number) => void,
): Promise<number> {
    let interrupted = false;
    let guard: ChildProcess | undefined;
    const forward = (): void => {
        if (interrupted) {
            return;
        }
        interrupted = true;
        guard?.kill("SIGKILL");
        process.stderr.write(
            "\nstopping: Pulumi ends the operations that run and saves its state; this can take a minute\n",
        );
        child.kill("SIGINT");
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    // Signals are handled before Pulumi starts: otherwise a Ctrl-C just after its start would end this process and
    // leave Pulumi behind.
    for (const signal of signals) {
        process.on(signal, forward);
    }
    const temporary = makeOwnFolder(TEMPORARY);
    const child = spawn(ready.pulumi, args, {
        cwd: repoPath(),
        env: { ...ready.env, ...extraEnv, TMPDIR: temporary },
        stdio: ["ignore", "inherit", "inherit"],
        detached: true,
    });
    if (child.pid !== undefined) {
        guard = spawn("/bin/sh", ["-c", INTERRUPT_AT_END, String(child.pid)], {
            stdio: ["pipe", "ignore", "ignore"],
            detached: true,
        });
        guard.on("error", (error) =>
            process.stderr.write(
                `warning: if this process is killed, Pulumi will not stop with it: ${error.message}\n`,
            ),
        );
        // The lab runs on these CPUs, too. Without a lower priority its controllers together get as much as one thread
        // of Pulumi.
        setPriority(child.pid, LOWER_PRIORITY);
        onStart?.(child.pid);
    }
    return new Promise((resolve, reject) => {
        child.on("error", (error) =>
            reject(new Error(`${ready.pulumi} could not be started: ${error.message}`, { cause: error })),
        );
        child.on("exit", (code, signal) => {
            guard?.kill("SIGKILL");
            rmSync(temporary, { recursive: true, force: true });
            for (const name of signals) {
                process.off(name, forward);
            }
            if (signal !== null && !interrupted) {
                process.stderr.write(`error: pulumi was ended by ${signal}\n`);
            }
            resolve(interrupted ? 130 : (code ?? 1));
        });
    });
}

/**
 * Number of hosts and clusters together from which state is written once at the end, not after each step: see {@link
 * pulumiSettings}.
 */
const MANY = 200;

/** Number of resources of a lab of that size. The smallest lab has 115; each host with its cluster adds three. */
const MANY_RESOURCES = 430;

/**
 * Heap that the Pulumi program may take for each resource, MB. It took 2.1 GB for 10,000 resources; this is twice that.
 */
const HEAP_PER_RESOURCE = 0.4;

/** Smallest heap limit that is set, MB. Node's own limit is between 2 and 4 GB, depending on the machine's memory. */
const LEAST_HEAP = 4096;

/**
 * Variables for Pulumi's engine and program, by the size of the lab. After each step Pulumi rewrites the whole state
 * file. For a large lab that takes time with the square of its size: more than 5 min for 2,000 resources, against 25 s
 * without. So a large lab's state is written at the end only. A small lab keeps the writes: without them, a run that is
 * killed (not interrupted) forgets what it made.
 *
 * @param known number of resources in the state: a large lab that shrinks is written as often as it has resources to
 * delete
 */
export function pulumiSettings(
    nodes: number,
    clusters: number,
    known: number,
    env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
    if (!(nodes + clusters >= MANY) && known < MANY_RESOURCES) {
        return {};
    }
    const heap = Math.max(LEAST_HEAP, Math.round(HEAP_PER_RESOURCE * (2 * (nodes || 0) + 10 * (clusters || 0))));
    // A shell that has evaluated `npm run -s env` has this option already.
    const others = (env["NODE_OPTIONS"] ?? "").replaceAll(/ ?--max-old-space-size=\d+/g, "").trim();
    return { PULUMI_SKIP_CHECKPOINTS: "true", NODE_OPTIONS: `${others} --max-old-space-size=${heap}`.trim() };
}

/** {@link pulumiSettings} for a stack, by its configuration. @param known number of resources in its state, if known */
export async function stackPulumiSettings(stack: string, known = 0): Promise<Record<string, string>> {
    const config = await stackConfig(stack);
    return pulumiSettings(Number(config["nodes"] ?? 0), Number(config["clusters"] ?? 0), known);
}
