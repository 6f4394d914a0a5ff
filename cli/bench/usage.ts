import { setMaxListeners } from "node:events";
import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import type Docker from "dockerode";
import { UsageLedger, type ComponentUsage, type Sight } from "./usage-ledger";
import { dockerRole, type PodContainer } from "./usage-names";
import { containerIds, DESCRIBE_SCRIPT, nodeSights, parseDescriptions, parseSample, SAMPLE_SCRIPT } from "./usage-node";

export type { ComponentUsage } from "./usage-ledger";

/** Longest sample, s; a quarter of a second is usual, and a busy machine takes many times that. */
const SAMPLE_SECONDS = 30;

export interface UsageMeterArgs {
    docker: Docker;
    /** First part of the lab's Docker names, "m3lab-STACK". */
    prefix: string;
}

export interface Failures {
    count: number;
    /** What the last of them was, "" for none. */
    lastError: string;
}

/**
 * What the components of an embedded lab use: the node's processes, the containers of its pods, and the fake nodes' Docker containers. A window begins with the
 * first sample, or at mark(). What ran before it counts from there, what begins in it counts in full.
 */
export class UsageMeter {
    private readonly ledger = new UsageLedger();
    /** Containers that ran at the first look and have not been read yet: what they used until they are read is not of the window. */
    private older: Set<string> | undefined;
    private readonly described = new Map<string, PodContainer>();
    private machineSeconds: { baseline: number; last: number } | undefined;
    private readonly failed: Failures = { count: 0, lastError: "" };
    private running: Promise<void> | undefined;

    constructor(private readonly args: UsageMeterArgs) {}

    /** Samples of which a part or all could not be read; the books go on with the next. */
    get failures(): Failures {
        return { ...this.failed };
    }

    /** Looks once. Never fails: see `failures`. While a look is under way, a second call joins it. */
    async sample(): Promise<void> {
        this.running ??= this.look().finally(() => (this.running = undefined));
        return this.running;
    }

    /** Begins a window at the last sample. */
    mark(): void {
        this.ledger.mark();
        if (this.machineSeconds) {
            this.machineSeconds.baseline = this.machineSeconds.last;
        }
    }

    /** Usage of the window until the last sample, most CPU first; with what of the node and of its pods is nobody's. */
    report(): ComponentUsage[] {
        return this.ledger.report();
    }

    /** CPU-seconds that the machine with the Docker daemon was busy in the window, whoever used them; 0 before a node ran. */
    machine(): number {
        return this.machineSeconds ? this.machineSeconds.last - this.machineSeconds.baseline : 0;
    }

    private async look(): Promise<void> {
        const signal = AbortSignal.timeout(SAMPLE_SECONDS * 1000);
        // Every question of a look listens to it, and a large lab has more than the ten that Node takes for a leak.
        setMaxListeners(0, signal);
        const errors: string[] = [];
        try {
            const containers = await this.containers(signal);
            this.older ??= new Set(containers.map(({ id }) => id));
            const present = new Set(containers.map(({ id }) => id));
            for (const source of this.ledger.runningSources()) {
                if (!present.has(source)) {
                    this.ledger.apply(source, []);
                }
            }
            await Promise.all(
                containers.map(async ({ id, name }) => {
                    try {
                        await this.read(id, name, signal);
                    } catch (error) {
                        if (!(await this.hasEnded(id))) {
                            errors.push(`${name}: ${reason(error)}`);
                        }
                    }
                }),
            );
        } catch (error) {
            errors.push(reason(error));
        }
        if (errors.length === 0) {
            return;
        }
        this.failed.count++;
        this.failed.lastError = signal.aborted
            ? `not done after ${SAMPLE_SECONDS} s: ${errors.join("; ")}`
            : errors.join("; ");
    }

    /** The lab's running containers, with their names after the prefix. */
    private async containers(abortSignal: AbortSignal): Promise<{ id: string; name: string }[]> {
        const { docker, prefix } = this.args;
        const listed = await docker.listContainers({ filters: { label: [`metal3-scale-lab=${prefix}`] }, abortSignal });
        return listed.map(({ Id, Names }) => ({
            id: Id,
            name: (Names[0] ?? Id).replace(/^\//, "").replace(`${prefix}-`, ""),
        }));
    }

    /** It stopped between being listed and being read. */
    private async hasEnded(id: string): Promise<boolean> {
        try {
            return !(
                await this.args.docker
                    .getContainer(id)
                    .inspect({ abortSignal: AbortSignal.timeout(SAMPLE_SECONDS * 1000) })
            ).State.Running;
        } catch (error) {
            return (error as { statusCode?: number }).statusCode === 404;
        }
    }

    private async read(id: string, name: string, signal: AbortSignal): Promise<void> {
        const role = dockerRole(name);
        const sights =
            "node" in role ? await this.readNode(id, signal) : [await this.readContainer(id, role.component, signal)];
        this.ledger.apply(id, sights, this.older?.delete(id));
    }

    private async readContainer(id: string, component: string, abortSignal: AbortSignal): Promise<Sight> {
        // One-shot: otherwise the daemon waits a second for a rate, which nobody asks for here.
        const options = { stream: false as const, "one-shot": true, abortSignal };
        const { cpu_stats: cpu, memory_stats: memory } = await this.args.docker.getContainer(id).stats(options);
        const { total_inactive_file, inactive_file } = (memory.stats ?? {}) as {
            total_inactive_file?: number;
            inactive_file?: number;
        };
        return {
            key: "container",
            holder: "docker",
            component,
            cpuSeconds: cpu.cpu_usage.total_usage / 1e9,
            memoryBytes: Math.max(0, (memory.usage ?? 0) - (total_inactive_file ?? inactive_file ?? 0)),
        };
    }

    private async readNode(id: string, signal: AbortSignal): Promise<Sight[]> {
        const reading = parseSample(await this.exec(id, ["sh", "-c", SAMPLE_SCRIPT], signal));
        const unknown = containerIds(reading).filter((container) => !this.described.has(container));
        if (unknown.length > 0) {
            const found = parseDescriptions(
                await this.exec(id, ["sh", "-c", DESCRIBE_SCRIPT, "describe", ...unknown], signal),
            );
            for (const [container, description] of found) {
                this.described.set(container, description);
            }
        }
        const { machineBusySeconds } = reading;
        this.machineSeconds = {
            baseline: this.machineSeconds?.baseline ?? machineBusySeconds,
            last: machineBusySeconds,
        };
        return nodeSights(reading, this.described);
    }

    /** @returns what the command printed. @throws Error with its complaint when it failed. */
    private async exec(id: string, command: string[], abortSignal: AbortSignal): Promise<string> {
        const exec = await this.args.docker
            .getContainer(id)
            .exec({ Cmd: command, AttachStdout: true, AttachStderr: true, abortSignal });
        const stream = await exec.start({ abortSignal });
        const [out, complaint] = [new PassThrough(), new PassThrough()];
        const texts = Promise.all([out, complaint].map(async (part) => Buffer.concat(await part.toArray()).toString()));
        this.args.docker.modem.demuxStream(stream, out, complaint);
        try {
            await finished(stream, { signal: abortSignal, writable: false });
        } finally {
            out.end();
            complaint.end();
        }
        const [printed = "", said = ""] = await texts;
        const { ExitCode } = await exec.inspect({ abortSignal });
        if (ExitCode !== 0) {
            throw new Error(`${command[0]} ended with ${String(ExitCode)}: ${said.trim().slice(0, 500)}`);
        }
        return printed;
    }
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
