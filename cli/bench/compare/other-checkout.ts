import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunResult } from "../file";
import type { MachineUsage } from "../growth";
import type { BenchOptions, BenchSize } from "../options";
import type { Side } from "./sides";

/** Usage of the machine as earlier versions wrote it: beside the other figures of the growth. */
interface FormerGrowth {
    machineCpuSeconds: number;
    components: MachineUsage["components"];
    peakMachineBytes: number;
    machineBytesBefore: number;
    failedSamples: number;
    lastSampleError?: string;
}

/**
 * Has the program of another checkout make and measure a lab.
 * @param isRecorded whether it keeps a record of the run. One that is older than records knows no such option
 */
export async function measureElsewhere(
    checkout: string,
    { nodes, clusters }: BenchSize,
    { settings, isRecorded }: Pick<Side, "settings" | "isRecorded">,
    { stack, parallel, idle }: Pick<BenchOptions, "stack" | "parallel" | "idle">,
): Promise<RunResult> {
    const folder = await mkdtemp(join(tmpdir(), "metal3-scale-lab-bench-"));
    try {
        const out = join(folder, "figures.json");
        const sizes = ["--nodes", String(nodes), "--clusters", String(clusters), "--idle", String(idle)];
        const how = ["--stack", stack, "--parallel", String(parallel), "--out", out];
        const set = Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
        const args = [
            join(checkout, "toolchain", "bootstrap.mjs"),
            "bench",
            ...sizes,
            ...how,
            ...set,
            ...(isRecorded ? [] : ["--no-record"]),
        ];
        await inherit(args, checkout);
        return lastRun(await readFile(out, "utf8"));
    } finally {
        await rm(folder, { recursive: true, force: true });
    }
}

/**
 * The last run of a file of figures, of this or an earlier version.
 * @throws Error when it has none
 */
export function lastRun(file: string): RunResult {
    const run = (JSON.parse(file) as { runs: (RunResult & { growth: Partial<FormerGrowth> })[] }).runs.at(-1);
    if (run === undefined) {
        throw new Error("the other checkout has written no run");
    }
    const { machineCpuSeconds, components, peakMachineBytes, machineBytesBefore, failedSamples, ...growth } =
        run.growth;
    if (machineCpuSeconds === undefined) {
        return run;
    }
    const { lastSampleError, ...rest } = growth;
    return {
        ...run,
        growth: {
            ...rest,
            machine: {
                cpuSeconds: machineCpuSeconds,
                components: components ?? [],
                peakBytes: peakMachineBytes ?? 0,
                bytesBefore: machineBytesBefore ?? 0,
                failedSamples: failedSamples ?? 0,
                ...(lastSampleError === undefined ? {} : { lastSampleError }),
            },
        },
    };
}

/** Runs a Node program whose output goes where this one's goes. @throws Error when it fails */
function inherit(args: readonly string[], cwd: string): Promise<void> {
    const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", 2, 2] });
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code, signal) =>
            code === 0
                ? resolve()
                : reject(new Error(`the benchmark of ${cwd} ended with ${signal ?? `exit code ${code}`}: see above`)),
        );
    });
}
