import { setTimeout as sleep } from "node:timers/promises";
import { RecordWriter } from "../../record/writer";
import type { RunResult } from "../file";
import type { GrowthSample } from "../growth";
import type { LatencySample } from "../ironic-probe";
import type { ManagementCluster } from "../management";
import { FleetWatch } from "./fleet-watch";
import { MetricsReader, type Place } from "./metrics-reader";
import { endLine, objectLines, resultLine, type Outcome } from "./result-lines";

/**
 * Pause between two looks at the parts' metrics, seconds. kube-apiserver takes some 0.1 CPU-seconds to print its own;
 * each controller a few milliseconds.
 */
export const METRICS_SECONDS = 30;

type HeaderOf = ConstructorParameters<typeof RecordWriter>[1];

/** Keeps the record of one run. */
export class Recorder {
    private readonly writer: RecordWriter;
    private readonly began: Date;
    private readonly stop = new AbortController();
    private fleet: FleetWatch | undefined;
    private metrics: MetricsReader | undefined;
    private reading: Promise<void> = Promise.resolve();

    constructor(
        file: string,
        header: HeaderOf,
        private readonly place: Place,
    ) {
        this.began = new Date(header.began);
        this.writer = new RecordWriter(file, header);
    }

    /**
     * Begins to watch the fleet and to read metrics.
     * @param since when the run began, where the lab had hosts or clusters before: they do not count
     */
    firstHost(cluster: ManagementCluster, withClusters: boolean, since?: Date): void {
        this.writer.now({ line: "first-host" });
        this.fleet = new FleetWatch(cluster.config, cluster.namespace, withClusters, since);
        this.metrics = new MetricsReader(cluster.config, this.place);
        this.reading = this.readMetrics(this.metrics);
    }

    /** Counts the fleet, and takes what was just measured, where anything is. Called after the first host only. */
    sample(measured: GrowthSample | undefined): void {
        this.sampleFleet();
        if (measured === undefined) {
            return;
        }
        const { meter, memoryBytes } = measured;
        const components = meter.report();
        this.writer.now({
            line: "usage",
            cpuSeconds: Object.fromEntries(components.map(({ component, cpuSeconds }) => [component, cpuSeconds])),
            memoryBytes: Object.fromEntries(components.map(({ component, memoryBytes }) => [component, memoryBytes])),
            machineCpuSeconds: meter.machineCpuSeconds(),
            machineMemoryBytes: memoryBytes,
        });
    }

    /** Counts the fleet by state now. */
    private sampleFleet(): void {
        if (this.fleet !== undefined) {
            this.writer.now({ line: "fleet", ...this.fleet.counts() });
        }
    }

    ironic({ nodes, oneNodeMs, listingMs }: LatencySample): void {
        this.writer.now({ line: "ironic", nodes, oneNodeMs, listingMs });
    }

    /** Ends the sampling, after a last look. */
    async stopSampling(): Promise<void> {
        if (this.stop.signal.aborted) {
            return;
        }
        this.stop.abort();
        await this.reading;
        this.sampleFleet();
        await this.fleet?.stop();
    }

    /** Why parts could not be read; "" when all could. */
    get lastError(): string {
        return this.metrics?.lastError ?? "";
    }

    /** Writes what the run has come to. */
    finish(result: Outcome): void {
        const seen = this.fleet?.available ?? new Map<string, number>();
        objectLines(result.stages, this.began, seen).forEach((line) => this.writer.write(line));
        this.writer.write(resultLine(result, this.writer.secondsAt()));
    }

    end(result: Partial<RunResult> = {}): void {
        this.writer.write(endLine(result, this.writer.secondsAt()));
    }

    /** Writes why the run failed. */
    async fail(error: string): Promise<void> {
        await this.stopSampling();
        this.writer.now({ line: "end", error, calibrationMs: null, destroy: null });
    }

    private async readMetrics(metrics: MetricsReader): Promise<void> {
        const { signal } = this.stop;
        for (;;) {
            // The last look comes after the stop: what was done since the one before would be missing.
            const isLast = signal.aborted;
            this.writer.now({ line: "metrics", ...(await metrics.read()) });
            if (isLast) {
                return this.countBmoLog(metrics);
            }
            await sleep(METRICS_SECONDS * 1000, undefined, { signal }).catch(() => undefined);
        }
    }

    private async countBmoLog(metrics: MetricsReader): Promise<void> {
        const found = await metrics.bmoLog(this.began);
        if (found !== undefined) {
            this.writer.now({ line: "bmo-log", ...found });
        }
    }
}
