import { spawn, type ChildProcess } from "node:child_process";
import { setPriority } from "node:os";
import type { Ready } from "../toolchain/ensure";
import { repoPath } from "../toolchain/paths";
import { stackConfig } from "./stack-file";

/** Niceness of Pulumi, its program and its plugins: about a tenth of the weight of others. */
const LOWER_PRIORITY = 10;

/** What Pulumi is told to do with a whole stack, without asking: the plan was looked at before, with `pulumi preview`. */
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
        process.stderr.write("\nstopping: Pulumi ends what is under way and saves its state; this can take a minute\n");
        child.kill("SIGINT");
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    // Before Pulumi starts: a Ctrl-C right after its start would end this process and leave Pulumi behind.
    for (const signal of signals) {
        process.on(signal, forward);
    }
    const child = spawn(ready.pulumi, args, {
        cwd: repoPath(),
        env: { ...ready.env, ...extraEnv },
        stdio: ["ignore", "inherit", "inherit"],
        detached: true,
    });
    if (child.pid !== undefined) {
        guard = spawn("/bin/sh", ["-c", INTERRUPT_AT_END, String(child.pid)], {
            stdio: ["pipe", "ignore", "ignore"],
            detached: true,
        });
        guard.on("error", (error) =>
            process.stderr.write(`warning: should this process be killed, Pulumi goes on: ${error.message}\n`),
        );
        // On this machine stands the lab, too, all of it together weighing no more than one busy thread of Pulumi's.
        setPriority(child.pid, LOWER_PRIORITY);
        onStart?.(child.pid);
    }
    return new Promise((resolve, reject) => {
        child.on("error", (error) =>
            reject(new Error(`${ready.pulumi} could not be started: ${error.message}`, { cause: error })),
        );
        child.on("exit", (code, signal) => {
            guard?.kill("SIGKILL");
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

/** From so many hosts and clusters together on, state is written once at the end instead of after each step (see `pulumiSettings`). */
const MANY = 200;

/** Resources of a lab that large: 115 of the smallest, three for each host with its cluster, two for each pair and its like. */
const MANY_RESOURCES = 430;

/** Memory the Pulumi program takes for a resource, MB: 2.1 GB were seen for 10,000; twice that is allowed. */
const HEAP_PER_RESOURCE = 0.4;

/** Node's own limit is between 2 and 4 GB, by the machine's memory. MB. */
const LEAST_HEAP = 4096;

/**
 * What Pulumi's engine and program are told, by the size of the lab. Each step rewrites the whole state file: harmless for a small lab, quadratic for a
 * large one (2,000 resources: more than 5 min, against 25 s without). Without it a run that is killed (not interrupted) forgets what it made, so a small
 * lab keeps it.
 *
 * @param known resources in the state: a large lab that is to become small is written as often as it has too many
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
    // A shell that has evaluated `npm run -s env` has one of ours already.
    const others = (env["NODE_OPTIONS"] ?? "").replaceAll(/ ?--max-old-space-size=\d+/g, "").trim();
    return { PULUMI_SKIP_CHECKPOINTS: "true", NODE_OPTIONS: `${others} --max-old-space-size=${heap}`.trim() };
}

/** The same for what a stack is configured to be. @param known resources in its state, where that was looked at */
export async function stackPulumiSettings(stack: string, known = 0): Promise<Record<string, string>> {
    const config = await stackConfig(stack);
    return pulumiSettings(Number(config["nodes"] ?? 0), Number(config["clusters"] ?? 0), known);
}
