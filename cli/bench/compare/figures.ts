import { mean } from "simple-statistics";
import type { RunResult } from "../file";
import { cpuPerHost, MIB, peakMemory, timeToGoal } from "../run-figures";
import { summary } from "../summary";
import { noiseOfP95 } from "./sampled-noise";

/** A figure of a run of which less is better. */
export interface Figure {
    name: string;
    /** Digits after the point. */
    digits: number;
    /** Undefined: this run does not have it. */
    of: (run: RunResult) => number | undefined;
    /** How large a change the figure's own measurement makes, as a share of A. Default: it is exact. */
    noise?: (a: readonly RunResult[], b: readonly RunResult[]) => number;
}

/** What two sides are compared by, in the order of the table. */
export const FIGURES: readonly Figure[] = [
    { name: "until all is as it should be, s", digits: 0, of: (run) => timeToGoal(run) ?? undefined },
    { name: "pulumi up, s", digits: 0, of: ({ up }) => up.seconds },
    { name: "CPU-s a host", digits: 2, of: cpuPerHost },
    { name: "CPU a host, by the yardstick", digits: 1, of: byYardstick, noise: (a, b) => spread(a) + spread(b) },
    { name: "Pulumi's CPU-s", digits: 1, of: ({ up }) => up.cpuSeconds },
    { name: "most memory, MiB", digits: 0, of: memory },
    latency("Ironic: one node, ms (p95)", ({ oneNodeMs }) => oneNodeMs),
    latency("Ironic: list of all, ms (p95)", ({ listingMs }) => listingMs),
    { name: "cores at rest", digits: 3, of: ({ idle }) => idle?.machineCores },
    { name: "pulumi destroy, s", digits: 0, of: ({ destroy }) => destroy?.seconds },
];

/** How often the machine could have done the yardstick's work (calibration.ts) in the CPU-seconds of a host. */
function byYardstick(run: RunResult): number | undefined {
    const cpu = cpuPerHost(run);
    return cpu === undefined || run.calibrationMs === undefined ? undefined : (cpu * 1000) / mean(run.calibrationMs);
}

/** How far the yardstick was from its mean at the beginning and the end of a run, as a share; the mean of runs. */
function spread(runs: readonly RunResult[]): number {
    const each = runs.flatMap(({ calibrationMs }) =>
        calibrationMs === undefined ? [] : Math.abs(calibrationMs[1] - calibrationMs[0]) / 2 / mean(calibrationMs),
    );
    return each.length === 0 ? 0 : mean(each);
}

function memory(run: RunResult): number | undefined {
    const bytes = peakMemory(run);
    return bytes === undefined ? undefined : bytes / MIB;
}

type Sample = NonNullable<RunResult["ironicLatency"]>["samples"][number];

function latency(name: string, of: (sample: Sample) => number): Figure {
    const samples = ({ ironicLatency }: RunResult): number[] => (ironicLatency?.samples ?? []).map(of);
    return {
        name,
        digits: 0,
        of: (run) => summary(samples(run)).p95 ?? undefined,
        noise: (a, b) => noiseOfP95(a.flatMap(samples), b.flatMap(samples)),
    };
}
