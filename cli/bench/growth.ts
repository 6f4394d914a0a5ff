import { setTimeout as sleep } from "node:timers/promises";
import type { CustomKind } from "../../lib/kubernetes";
import { machineMemory } from "../../lib/proc";
import { waitUntil } from "../../lib/wait-until";
import { HOSTS } from "../../tasks/wait-for-fleet/reader";
import type { BenchLab } from "./lab";
import type { ManagementCluster } from "./management";
import { UsageMeter } from "./usage/meter";
import type { ComponentUsage } from "./usage/totals";

/** A sample costs about 0.1 CPU-seconds, most of them in dockerd. */
export const SAMPLE_SECONDS = 10;
/** Longest wait for the first host. An `up` builds nothing here, and its infrastructure stands within minutes. */
const FIRST_HOST_MS = 1_800_000;

/** What the time from the lab's first new BareMetalHost to the end of `up` has cost. */
export interface GrowthUsage {
    /** When the first new BareMetalHost existed, ISO 8601. */
    began: string;
    seconds: number;
    /** CPU-seconds of Pulumi, its program and its plugins. */
    pulumiCpuSeconds: number;
    /** Usage of the machine and of the lab's parts on it; absent where they run elsewhere. */
    machine?: MachineUsage;
}

/** Usage of the machine that a lab runs on. */
export interface MachineUsage {
    /** CPU-seconds of the whole machine, whoever used them. */
    cpuSeconds: number;
    components: ComponentUsage[];
    /** Most memory in use on the machine, and the memory in use before the lab was begun; bytes. */
    peakBytes: number;
    bytesBefore: number;
    /** Samples of which a part or all could not be read. */
    failedSamples: number;
    /** The reason of the last failed sample; absent when none failed. */
    lastSampleError?: string;
}

/** What was just measured: the lab's parts, and the memory in use on the whole machine. */
export interface GrowthSample {
    meter: UsageMeter;
    memoryBytes: number;
}

/** Memory in use on this machine, bytes. */
export function memoryInUse(): number {
    const { total, available } = machineMemory();
    return total - available;
}

/** Whether a lab has begun to grow; else what there is so far. */
export type HasBegun = (cluster: ManagementCluster) => Promise<true | string>;

/** It has once it has more hosts than before. @param existing number of hosts that it had */
export const moreHostsThan =
    (existing: number): HasBegun =>
    async (cluster) => {
        const hosts = (await cluster.list(HOSTS, existing + 1)).length;
        return hosts > existing || `there are ${hosts} hosts`;
    };

/** It has once one of these is there, each the first of its kind that is made. */
export const anyOf =
    (firsts: readonly { kind: CustomKind; name: string }[]): HasBegun =>
    async (cluster) => {
        const there = await Promise.all(firsts.map(({ kind, name }) => cluster.has(kind, name)));
        return there.includes(true) || `there is no ${firsts.map(({ name }) => name).join(" and no ")}`;
    };

/** Watches a lab while `pulumi up` works: measures its components from the moment it begins to grow. */
export class GrowthWatch {
    readonly meter: UsageMeter;
    private readonly stop = new AbortController();
    private readonly done: Promise<void>[];
    private readonly before = memoryInUse();
    private peak = 0;
    private firstHost: Date | undefined;
    /** Whether the window of the first host has begun, and all who want to know are told. */
    private hasBegun = false;
    private pulumiBefore = 0;

    /**
     * @param hasBegun looks whether the first new host exists
     * @param onFirstHost called once, when it does
     * @param onSample called with each sample from then on; where nothing is measured, as often, without one.
     */
    constructor(
        private readonly lab: Pick<BenchLab, "stack" | "place" | "cluster" | "pulumiCpuSeconds">,
        hasBegun: HasBegun,
        onFirstHost: (cluster: ManagementCluster) => Promise<void>,
        private readonly onSample: (sample: GrowthSample | undefined) => void = () => undefined,
    ) {
        this.meter = new UsageMeter(lab.stack);
        this.done = [this.sampling(), this.waiting(hasBegun, onFirstHost)];
        // end() throws their errors, perhaps long after: until then Node must not take them for unhandled.
        for (const task of this.done) {
            task.catch(() => undefined);
        }
    }

    /** Ends the watch. @throws Error when no new host was ever seen. */
    async end(): Promise<GrowthUsage> {
        this.stop.abort();
        await Promise.all(this.done);
        if (this.firstHost === undefined) {
            throw new Error("no new BareMetalHost was seen: there is nothing to measure");
        }
        return {
            began: this.firstHost.toISOString(),
            seconds: (Date.now() - this.firstHost.getTime()) / 1000,
            pulumiCpuSeconds: this.lab.pulumiCpuSeconds - this.pulumiBefore,
            ...(this.lab.place.isHere ? { machine: await this.machineUsage() } : {}),
        };
    }

    private async machineUsage(): Promise<MachineUsage> {
        await this.meter.sample();
        const { count, lastError } = this.meter.failures;
        return {
            cpuSeconds: this.meter.machineCpuSeconds(),
            components: this.meter.report(),
            peakBytes: this.peak,
            bytesBefore: this.before,
            failedSamples: count,
            ...(count > 0 ? { lastSampleError: lastError } : {}),
        };
    }

    private async sample(): Promise<GrowthSample> {
        await this.meter.sample();
        const memoryBytes = memoryInUse();
        this.peak = Math.max(this.peak, memoryBytes);
        return { meter: this.meter, memoryBytes };
    }

    private async sampling(): Promise<void> {
        const { signal } = this.stop;
        while (!signal.aborted) {
            const sample = this.lab.place.isHere ? await this.sample() : undefined;
            if (this.hasBegun) {
                this.onSample(sample);
            }
            // The signal ends the pause with an error, and the loop with it.
            await sleep(SAMPLE_SECONDS * 1000, undefined, { signal }).catch(() => undefined);
        }
    }

    private async waiting(
        hasBegun: HasBegun,
        onFirstHost: (cluster: ManagementCluster) => Promise<void>,
    ): Promise<void> {
        const { signal } = this.stop;
        try {
            const cluster = await waitUntil({
                what: "a new BareMetalHost",
                timeoutMs: FIRST_HOST_MS,
                signal,
                look: async () => {
                    const found = this.lab.cluster;
                    if (found === undefined) {
                        return { pending: ["the lab has no kubeconfig yet"] };
                    }
                    const begun = await hasBegun(found);
                    return begun === true ? { done: found } : { pending: [begun] };
                },
            });
            this.firstHost = new Date();
            this.pulumiBefore = this.lab.pulumiCpuSeconds;
            if (this.lab.place.isHere) {
                await this.meter.sample();
                this.meter.beginWindow();
            }
            await onFirstHost(cluster);
            this.hasBegun = true;
        } catch (error) {
            // After an `up` that failed there is nothing to wait for: `up` itself says why, and end() that no host was
            // seen.
            if (!signal.aborted) {
                throw error;
            }
        }
    }
}
