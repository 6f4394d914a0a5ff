import type { RunResult } from "../file";
import { cpuPerHost, peakMemory, timeToGoal } from "../run-figures";
import { mib, number, runName, table } from "./table";

/**
 * Seconds until a run reached its goal (see timeToGoal).
 * @throws Error when that was not reached
 */
export function secondsToGoal(run: RunResult): number {
    const seconds = timeToGoal(run);
    if (seconds === null) {
        throw new Error(`${runName(run)}: it has no time, because not everything became what it should`);
    }
    return seconds;
}

/** Times and cost of each run, a line for each. */
export function timeTable(runs: readonly RunResult[]): string {
    return table(
        [
            "hosts/clusters",
            "up s",
            "enrolled s",
            "provisioned s",
            "Available s",
            "hosts/min",
            "clusters/min",
            "CPU-s per host",
            "peak MiB",
            "destroy s",
            "calibration ms",
        ],
        runs.map((run) => {
            const { hostsEnrolled, hostsProvisioned, clustersAvailable } = run.stages.fleet;
            return [
                runName(run),
                number(run.up.seconds),
                number(hostsEnrolled.seconds),
                number(hostsProvisioned.seconds),
                number(clustersAvailable.seconds),
                number(hostsProvisioned.perMinute, 1),
                number(clustersAvailable.perMinute, 1),
                number(cpuPerHost(run), 2),
                mib(peakMemory(run)),
                number(run.destroy?.seconds),
                run.calibrationMs?.map((value) => number(value)).join(", ") ?? "–",
            ];
        }),
    );
}

/** What Pulumi itself took in each run, a line for each. */
export function pulumiTable(runs: readonly RunResult[]): string {
    return table(
        [
            "hosts/clusters",
            "preview s",
            "CPU-s",
            "up CPU-s",
            "peak MiB",
            "no-change up s",
            "preview after s",
            "resources",
            "state KiB",
        ],
        runs.map((run) => [
            runName(run),
            number(run.preview.seconds, 1),
            number(run.preview.cpuSeconds, 1),
            number(run.up.cpuSeconds, 1),
            mib(run.up.peakMemoryBytes),
            number(run.noChangeUp?.seconds, 1),
            number(run.previewAfter?.seconds, 1),
            run.state.resources,
            number(run.state.bytes === undefined ? undefined : run.state.bytes / 1024),
        ]),
    );
}

/** For each size that was measured in both ways, how many times faster the lab's own way is. */
export function ratios(runs: readonly RunResult[]): string[] {
    const ofWay = (way: RunResult["tuning"]): RunResult[] => runs.filter(({ tuning }) => tuning === way);
    return ofWay("published").flatMap((published) =>
        ofWay("lab")
            .filter(({ nodes, clusters }) => nodes === published.nodes && clusters === published.clusters)
            .map((run) => {
                const [slow, fast] = [secondsToGoal(published), secondsToGoal(run)];
                const times = number(slow / fast, 1);
                return (
                    `${runName(run)}: ${number(slow)} s in the published lab's way, ` +
                    `${number(fast)} s in the lab's own: ${times} times faster`
                );
            }),
    );
}
