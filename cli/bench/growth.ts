import { readFile } from "node:fs/promises";
import Docker from "dockerode";
import { labPrefix } from "../../plan/identities";
import { until, type BenchLab } from "./lab";
import { HOSTS, ManagementCluster } from "./management";
import { UsageMeter, type ComponentUsage } from "./usage";

/** A look costs ~0.1 CPU-s, most of it dockerd's. */
const SAMPLE_MS = 10_000;
/** An `up` may build nothing here: the artefacts are there, and its infrastructure stands within minutes. */
const FIRST_HOST_SECONDS = 1800;

/** What the lab's growth cost: from its first new BareMetalHost to the end of `up`. */
export interface GrowthUsage {
    /** When the first new BareMetalHost was there, ISO 8601. */
    began: string;
    seconds: number;
    /** CPU-seconds of the whole machine, whoever used them. */
    machineCpuSeconds: number;
    /** CPU-seconds of Pulumi, its program and its plugins. */
    pulumiCpuSeconds: number;
    components: ComponentUsage[];
    /** Most memory in use on the machine, bytes, and what was in use before the lab was begun. */
    peakMachineBytes: number;
    machineBytesBefore: number;
    failedSamples: number;
}

/** Memory that is not available on this machine, bytes (proc(5), meminfo). */
export async function machineMemory(): Promise<number> {
    const lines = (await readFile("/proc/meminfo", "utf8")).split("\n");
    const kib = (key: string): number =>
        Number(/\d+/.exec(lines.find((line) => line.startsWith(`${key}:`)) ?? "")?.[0]);
    return (kib("MemTotal") - kib("MemAvailable")) * 1024;
}

/** Watches a lab while `pulumi up` works: what its components use, from the moment the first new host is there. */
export class GrowthWatch {
    readonly meter: UsageMeter;
    private readonly stop = new AbortController();
    private readonly done: Promise<void>[];
    private readonly before: Promise<number>;
    private peak = 0;
    private firstHost: Date | undefined;
    private pulumiBefore = 0;

    /** @param known hosts that were there before. @param onFirstHost told once, when the first other one is there. */
    constructor(
        private readonly lab: BenchLab,
        known: number,
        onFirstHost: (cluster: ManagementCluster) => Promise<void>,
    ) {
        this.meter = new UsageMeter({ docker: new Docker(), prefix: labPrefix(lab.stack) });
        this.before = machineMemory();
        this.done = [this.sampling(), this.waiting(known, onFirstHost)];
        // Whoever fails is heard in end(), which may be long after.
        for (const task of this.done) {
            task.catch(() => undefined);
        }
    }

    /** Ends the watch. @throws Error when no new host was ever seen. */
    async end(): Promise<GrowthUsage> {
        this.stop.abort();
        await Promise.all(this.done);
        await this.meter.sample();
        if (this.firstHost === undefined) {
            throw new Error("no new BareMetalHost was seen: there is nothing to measure");
        }
        return {
            began: this.firstHost.toISOString(),
            seconds: (Date.now() - this.firstHost.getTime()) / 1000,
            machineCpuSeconds: this.meter.machine(),
            pulumiCpuSeconds: this.lab.usedByPulumi - this.pulumiBefore,
            components: this.meter.report(),
            peakMachineBytes: this.peak,
            machineBytesBefore: await this.before,
            failedSamples: this.meter.failures.count,
        };
    }

    private async sampling(): Promise<void> {
        while (!this.stop.signal.aborted) {
            await this.meter.sample();
            this.peak = Math.max(this.peak, await machineMemory());
            await pause(SAMPLE_MS, this.stop.signal);
        }
    }

    private async waiting(known: number, onFirstHost: (cluster: ManagementCluster) => Promise<void>): Promise<void> {
        try {
            const cluster = await until("a new BareMetalHost", FIRST_HOST_SECONDS, this.stop.signal, async () => {
                const found = ManagementCluster.of(this.lab.stack);
                return found && (await found.list(HOSTS, known + 1)).length > known ? found : undefined;
            });
            this.firstHost = new Date();
            this.pulumiBefore = this.lab.usedByPulumi;
            await this.meter.sample();
            this.meter.mark();
            await onFirstHost(cluster);
        } catch (error) {
            // An `up` that failed says itself why; end() says that nothing was seen.
            if (!this.stop.signal.aborted) {
                throw error;
            }
        }
    }
}

/** Sleeps, but not beyond the signal. */
export const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
        if (signal.aborted) {
            return resolve();
        }
        const end = (): void => {
            clearTimeout(timer);
            signal.removeEventListener("abort", end);
            resolve();
        };
        const timer = setTimeout(end, milliseconds);
        signal.addEventListener("abort", end);
    });
