import { spawn } from "node:child_process";
import { parseProcessStat } from "../../lib/proc";
import { waitUntil } from "../../lib/wait-until";
import { run } from "../../toolchain/run";
import type { Parts } from "./parts";

const MINUTE = 60_000;
const NAME = "metal3-scale-lab-vm";
const CPUS = 2;
const MEMORY_MIB = 8192;
/** How much the emulation stands back behind what else this machine does. */
const NICENESS = "5";

/** What a command in the machine said, and how it ended. */
export interface Said {
    code: number;
    output: string;
}

/** A Debian machine that QEMU emulates in a container. Its user is in the group docker, and is not root. */
export class EmulatedMachine {
    /** Begins to make and to boot it. @param image that of the Dockerfile beside this file */
    static async start(image: string, { mounts, images }: Parts): Promise<EmulatedMachine> {
        const readOnly = [...mounts, { from: images, to: "/images.tar" }];
        await run(
            "docker",
            [
                ...["run", "--detach", "--name", NAME, "--volume", "/vm"],
                // For the mounts that Docker makes when it unpacks images.
                ...["--cap-add", "SYS_ADMIN", "--security-opt", "apparmor=unconfined"],
                ...["--env", `CPUS=${CPUS}`, "--env", `MEMORY=${MEMORY_MIB}`],
                ...readOnly.flatMap(({ from, to }) => ["--volume", `${from}:${to}:ro`]),
                ...["--entrypoint", "nice", image, "-n", NICENESS, "/usr/local/bin/start"],
            ],
            { timeoutMs: MINUTE },
        );
        return new EmulatedMachine();
    }

    /** Waits until its disks are made, and it boots. */
    untilItBoots(): Promise<void> {
        return this.until("the disks to be made", ["test", "-s", "/vm/console.log"], 20 * MINUTE);
    }

    /** Waits until commands can be run in it. */
    untilItAnswers(): Promise<void> {
        return this.until("the machine to answer", this.ssh("true"), 15 * MINUTE);
    }

    /** Waits until a command succeeds in the container. @throws Error with the container's last words when it ends */
    private async until(what: string, command: readonly string[], timeoutMs: number): Promise<void> {
        const docker = (...args: string[]): Promise<string> => run("docker", args, { timeoutMs: MINUTE });
        const state = await waitUntil({
            what,
            timeoutMs,
            look: async () => {
                const now = await docker("inspect", "--format", "{{.State.Status}}", NAME);
                if (now === "running") {
                    await docker("exec", NAME, ...command);
                }
                return { done: now };
            },
        });
        if (state !== "running") {
            const logs = await run("sh", ["-c", `docker logs --tail 20 ${NAME} 2>&1`], { timeoutMs: MINUTE });
            throw new Error(`the container ${NAME} is ${state}: ${logs}`);
        }
    }

    private ssh(...command: string[]): string[] {
        const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "ServerAliveInterval=30"];
        const flags = options.flatMap((option) => ["-o", option]);
        return ["ssh", "-q", "-i", "/vm/key", "-p", "2222", ...flags, "user@127.0.0.1", ...command];
    }

    /** Runs a script as the machine's user, in a login shell. @param show told the output as it comes */
    run(script: string, limitMs: number, show?: (text: string) => void): Promise<Said> {
        const child = spawn("docker", ["exec", "--interactive", NAME, ...this.ssh("bash", "-l")], {
            stdio: ["pipe", "pipe", "pipe"],
            timeout: limitMs,
        });
        let output = "";
        for (const stream of [child.stdout, child.stderr]) {
            stream.on("data", (chunk: Buffer) => {
                output += chunk.toString();
                show?.(chunk.toString());
            });
        }
        child.stdin.end(script);
        return new Promise((resolve, reject) => {
            child.on("error", reject);
            child.on("close", (code) => resolve({ code: code ?? 1, output }));
        });
    }

    /** The same, of what must not fail. @returns what it said */
    async ask(script: string): Promise<string> {
        const { code, output } = await this.run(script, 10 * MINUTE);
        if (code !== 0) {
            throw new Error(`${script}: exit code ${code}: ${output}`);
        }
        return output.trim();
    }

    /** CPU-seconds of this machine that the emulation has taken. */
    async cpuSeconds(): Promise<number> {
        const text = await run("docker", ["exec", NAME, "cat", "/proc/1/stat"], { timeoutMs: MINUTE });
        return parseProcessStat(text).cpuSeconds;
    }

    /** Ends it, and removes its disks. Does nothing where there is none. */
    static async remove(): Promise<void> {
        await run("docker", ["rm", "--force", "--volumes", NAME], { timeoutMs: MINUTE });
    }
}
