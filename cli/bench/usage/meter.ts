import { setMaxListeners } from "node:events";
import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import type Docker from "dockerode";
import { errorText } from "../../../lib/error-text";
import { labPrefix } from "../../../plan/identities";
import { labLabel } from "../../recovery/docker-leftovers";
import { DESCRIBE_SCRIPT, parseDescriptions } from "./container-descriptions";
import { dockerRole, type PodContainer } from "./names";
import { containerIds, nodeSamples, parseSample, SAMPLE_SCRIPT } from "./node";
import { UsageTotals, type ComponentUsage, type Sample } from "./totals";

/**
 * Longest time for all samples of a lab, seconds. A quarter of a second is usual; a busy machine needs many times
 * that.
 */
const LIMIT_SECONDS = 30;

/** Samples of which a part or all could not be read. */
export interface Failures {
    count: number;
    /** The reason of the last one; "" when there was none. */
    lastError: string;
}

/**
 * Measures the components of an embedded lab: the node's processes, the containers of its pods, and the Docker
 * containers of the fake nodes. A window begins with the first sample, or with beginWindow(). The usage of an instance
 * that ran before counts from there on; the usage of an instance that begins within the window counts in full.
 */
export class UsageMeter {
    private readonly totals = new UsageTotals();
    /**
     * Containers that ran at the first sample and have not been read yet: their usage until then is not of the window.
     */
    private older: Set<string> | undefined;
    private readonly described = new Map<string, PodContainer>();
    private machineSeconds: { baseline: number; last: number } | undefined;
    private readonly failed: Failures = { count: 0, lastError: "" };
    private running: Promise<void> | undefined;

    constructor(
        private readonly docker: Docker,
        private readonly stack: string,
    ) {}

    /** Failures so far. The totals go on with the next sample. */
    get failures(): Failures {
        return { ...this.failed };
    }

    /**
     * Samples everything once. A failure does not throw but counts in `failures`. A call during another one joins it.
     */
    async sample(): Promise<void> {
        this.running ??= this.sampleAll().finally(() => (this.running = undefined));
        return this.running;
    }

    /** Begins a window at the last sample. */
    beginWindow(): void {
        this.totals.beginWindow();
        if (this.machineSeconds) {
            this.machineSeconds.baseline = this.machineSeconds.last;
        }
    }

    /**
     * Usage of the window until the last sample by component, most CPU first, with the remainders of the node and its
     * pods.
     */
    report(): ComponentUsage[] {
        return this.totals.report();
    }

    /** CPU-seconds for which the machine of the Docker daemon was busy in the window; 0 until a node has run. */
    machineCpuSeconds(): number {
        return this.machineSeconds ? this.machineSeconds.last - this.machineSeconds.baseline : 0;
    }

    private async sampleAll(): Promise<void> {
        const signal = AbortSignal.timeout(LIMIT_SECONDS * 1000);
        // Each request listens to the signal. A large lab has more requests than the ten that Node takes for a leak.
        setMaxListeners(0, signal);
        const errors: string[] = [];
        try {
            const containers = await this.containers(signal);
            this.older ??= new Set(containers.map(({ id }) => id));
            const present = new Set(containers.map(({ id }) => id));
            for (const source of this.totals.runningSources()) {
                if (!present.has(source)) {
                    this.totals.apply(source, []);
                }
            }
            await Promise.all(
                containers.map(async ({ id, name }) => {
                    try {
                        await this.read(id, name, signal);
                    } catch (error) {
                        if (!(await this.hasEnded(id))) {
                            errors.push(`${name}: ${errorText(error)}`);
                        }
                    }
                }),
            );
        } catch (error) {
            errors.push(errorText(error));
        }
        if (errors.length === 0) {
            return;
        }
        this.failed.count++;
        const late = signal.aborted ? `not done after ${LIMIT_SECONDS} s: ` : "";
        this.failed.lastError = `${late}${errors.join("; ")}`;
    }

    /** The lab's running containers, with their names after the prefix. */
    private async containers(abortSignal: AbortSignal): Promise<{ id: string; name: string }[]> {
        const listed = await this.docker.listContainers({
            filters: { label: [labLabel(this.stack)] },
            abortSignal,
        });
        return listed.map(({ Id, Names }) => ({
            id: Id,
            name: (Names[0] ?? Id).replace(/^\//, "").replace(`${labPrefix(this.stack)}-`, ""),
        }));
    }

    /** Whether a container has stopped since it was listed. */
    private async hasEnded(id: string): Promise<boolean> {
        const abortSignal = AbortSignal.timeout(LIMIT_SECONDS * 1000);
        try {
            return !(await this.docker.getContainer(id).inspect({ abortSignal })).State.Running;
        } catch (error) {
            return (error as { statusCode?: number }).statusCode === 404;
        }
    }

    private async read(id: string, name: string, signal: AbortSignal): Promise<void> {
        const role = dockerRole(name);
        const samples =
            "node" in role ? await this.readNode(id, signal) : [await this.readContainer(id, role.component, signal)];
        this.totals.apply(id, samples, this.older?.delete(id));
    }

    private async readContainer(id: string, component: string, abortSignal: AbortSignal): Promise<Sample> {
        // Without "one-shot" the daemon waits a second to compute a rate, which is not needed here.
        const options = { stream: false as const, "one-shot": true, abortSignal };
        const { cpu_stats: cpu, memory_stats: memory } = await this.docker.getContainer(id).stats(options);
        // The first is what cgroup v1 calls it, the second v2.
        const { total_inactive_file, inactive_file } = (memory.stats ?? {}) as {
            total_inactive_file?: number;
            inactive_file?: number;
        };
        return {
            key: "container",
            owner: "docker",
            component,
            cpuSeconds: cpu.cpu_usage.total_usage / 1e9,
            memoryBytes: Math.max(0, (memory.usage ?? 0) - (total_inactive_file ?? inactive_file ?? 0)),
        };
    }

    private async readNode(id: string, signal: AbortSignal): Promise<Sample[]> {
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
        return nodeSamples(reading, this.described);
    }

    /** @returns the standard output of the command. @throws Error with its standard error when it failed. */
    private async exec(id: string, command: string[], abortSignal: AbortSignal): Promise<string> {
        const exec = await this.docker
            .getContainer(id)
            .exec({ Cmd: command, AttachStdout: true, AttachStderr: true, abortSignal });
        const stream = await exec.start({ abortSignal });
        const [out, err] = [new PassThrough(), new PassThrough()];
        const texts = Promise.all([out, err].map(async (part) => Buffer.concat(await part.toArray()).toString()));
        this.docker.modem.demuxStream(stream, out, err);
        try {
            await finished(stream, { signal: abortSignal, writable: false });
        } finally {
            out.end();
            err.end();
        }
        const [stdout = "", stderr = ""] = await texts;
        const { ExitCode } = await exec.inspect({ abortSignal });
        if (ExitCode !== 0) {
            throw new Error(`${command[0]} ended with ${String(ExitCode)}: ${stderr.trim().slice(0, 500)}`);
        }
        return stdout;
    }
}
