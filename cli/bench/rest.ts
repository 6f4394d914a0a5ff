import { setTimeout as sleep } from "node:timers/promises";
import { memoryInUse } from "./growth";
import type { UsageMeter } from "./usage/meter";
import type { ComponentUsage } from "./usage/totals";

/** Longest pause between two samples of an idle lab. */
const SAMPLE_MS = 15_000;

/** Usage of a lab in which nothing happens. */
export interface IdleUsage {
    seconds: number;
    /** Cores in use on the whole machine. */
    machineCores: number;
    components: ComponentUsage[];
    /** Memory in use on the machine at the beginning and at the end of each quarter, bytes. */
    memoryBytes: number[];
}

/** Measures the lab for a time in which nothing is asked of it. */
export async function idle(meter: UsageMeter, seconds: number): Promise<IdleUsage> {
    await meter.sample();
    meter.beginWindow();
    const memoryBytes = [memoryInUse()];
    const began = Date.now();
    for (const quarter of [1, 2, 3, 4]) {
        const end = began + (seconds * 1000 * quarter) / 4;
        while (Date.now() < end) {
            await sleep(Math.min(SAMPLE_MS, end - Date.now()));
            await meter.sample();
        }
        memoryBytes.push(memoryInUse());
    }
    const elapsed = (Date.now() - began) / 1000;
    return {
        seconds: elapsed,
        machineCores: meter.machineCpuSeconds() / elapsed,
        components: meter.report(),
        memoryBytes,
    };
}
