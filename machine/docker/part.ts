import { PassThrough, Readable } from "node:stream";
import { finished } from "node:stream/promises";
import type Docker from "dockerode";
import type { NodeAccess, PartUsage, RunningPart } from "../holder";

/** A part of a lab that runs as a Docker container. */
export class DockerPart implements RunningPart {
    readonly node?: NodeAccess;

    constructor(
        private readonly docker: Docker,
        readonly id: string,
        readonly name: string,
        isNode: boolean,
    ) {
        if (isNode) {
            this.node = {
                exec: (command, signal) => this.exec(command, signal),
                logs: async () => Readable.from(await this.container.getArchive({ path: "/var/log" })),
            };
        }
    }

    private get container(): Docker.Container {
        return this.docker.getContainer(this.id);
    }

    async usage(abortSignal: AbortSignal): Promise<PartUsage> {
        // Without "one-shot" the daemon waits a second to compute a rate, which is not needed here.
        const options = { stream: false as const, "one-shot": true, abortSignal };
        const { cpu_stats: cpu, memory_stats: memory } = await this.container.stats(options);
        // The first is what cgroup v1 calls it, the second v2.
        const { total_inactive_file, inactive_file } = (memory.stats ?? {}) as {
            total_inactive_file?: number;
            inactive_file?: number;
        };
        return {
            cpuSeconds: cpu.cpu_usage.total_usage / 1e9,
            memoryBytes: Math.max(0, (memory.usage ?? 0) - (total_inactive_file ?? inactive_file ?? 0)),
        };
    }

    async hasEnded(abortSignal: AbortSignal): Promise<boolean> {
        try {
            return !(await this.container.inspect({ abortSignal })).State.Running;
        } catch (error) {
            return (error as { statusCode?: number }).statusCode === 404;
        }
    }

    private async exec(command: string[], abortSignal: AbortSignal): Promise<string> {
        const exec = await this.container.exec({
            Cmd: command,
            AttachStdout: true,
            AttachStderr: true,
            abortSignal,
        });
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
