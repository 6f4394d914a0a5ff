import { mean } from "simple-statistics";
import type { RunResult } from "../file";
import { cpuPerHost, MIB, peakMemory, timeToGoal } from "../run-figures";
import { summary } from "../summary";

/** A figure of a run of which less is better. */
export interface Figure {
    name: string;
    /** Digits after the point. */
    digits: number;
    /** Undefined: this run does not have it. */
    of: (run: RunResult) => number | undefined;
    /** Where it is the 95th percentile of samples: these. */
    samples?: (run: RunResult) => number[];
}

/** What two sides are compared by, in the order of the table. */
export const FIGURES: readonly Figure[] = [
    { name: "until all is as it should be, s", digits: 0, of: (run) => timeToGoal(run) ?? undefined },
    { name: "pulumi up, s", digits: 0, of: ({ up }) => up.seconds },
    { name: "CPU-s a host", digits: 2, of: cpuPerHost },
    { name: "CPU a host, by the yardstick", digits: 1, of: byYardstick },
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

function memory(run: RunResult): number | undefined {
    const bytes = peakMemory(run);
    return bytes === undefined ? undefined : bytes / MIB;
}

type Sample = NonNullable<RunResult["ironicLatency"]>["samples"][number];

function latency(name: string, of: (sample: Sample) => number): Figure {
    const samples = ({ ironicLatency }: RunResult): number[] => (ironicLatency?.samples ?? []).map(of);
    return { name, digits: 0, of: (run) => summary(samples(run)).p95 ?? undefined, samples };
}
