import type { RunResult } from "./file";
import type { MachineUsage } from "./growth";

export const MIB = 2 ** 20;

/**
 * CPU-seconds of the whole machine per host with its cluster, from the first host to the end of `up`; undefined where
 * the lab is not on this machine.
 */
export const cpuPerHost = ({ growth: { machine }, nodes }: RunResult): number | undefined =>
    machine && machine.cpuSeconds / Math.max(1, nodes);

/** CPU-seconds that neither a part of the lab nor Pulumi accounts for, from the first host to the end of `up`. */
export const otherCpu = ({ cpuSeconds, components }: MachineUsage, { pulumiCpuSeconds }: RunResult["growth"]): number =>
    cpuSeconds - components.reduce((sum, component) => sum + component.cpuSeconds, pulumiCpuSeconds);

/** Memory that the lab took at its most, bytes; undefined where it is not on this machine. */
export const peakMemory = ({ growth: { machine } }: RunResult): number | undefined =>
    machine && machine.peakBytes - machine.bytesBefore;

/**
 * Seconds from the first host until all clusters are Available, or all hosts are provisioned in a lab without clusters;
 * null when that was not reached.
 */
export function timeToGoal({ clusters, stages: { fleet } }: RunResult): number | null {
    return (clusters > 0 ? fleet.clustersAvailable : fleet.hostsProvisioned).seconds;
}
