import type { RunResult } from "../file";
import { latencyBySize } from "../latency";
import { otherCpu } from "../run-figures";
import { STALL_SECONDS } from "../stages/group";
import type { StageReport } from "../stages/report";
import { mib, number, runName, table } from "./table";

/** Most stalled objects to name for each stage. */
const NAMED_STALLS = 5;

/** How long objects spent in each stage, and which of them stalled. */
function stageReport({ hosts, clusters, machines }: StageReport): string[] {
    const groups = [
        ["host", hosts],
        ["cluster", clusters],
        ["machine", machines],
    ] as const;
    const rows = groups.flatMap(([kind, { stages }]) =>
        stages
            .filter(({ count, open }) => count + open > 0)
            .map((stage) => [
                `${kind}: ${stage.name}`,
                stage.count,
                stage.open,
                number(stage.median, 1),
                number(stage.p95),
                number(stage.max),
                stage.stalls.length,
            ]),
    );
    const stalls = groups.flatMap(([, { stages }]) => stages.flatMap((stage) => stage.stalls.slice(0, NAMED_STALLS)));
    return [
        table(["stage, s", "ended", "open", "median", "p95", "max", "stalls"], rows),
        ...(stalls.length > 0 ? [`more than ${STALL_SECONDS} s beyond the median:`] : []),
        ...stalls.map(
            ({ name, stage, seconds, open }) => `  ${name}: ${stage} ${number(seconds)} s${open ? ", not ended" : ""}`,
        ),
    ];
}

/** CPU and memory by component, most CPU first, and the CPU that no component accounts for. */
function componentTable({ growth, nodes }: RunResult): string {
    const { machine } = growth;
    if (machine === undefined) {
        return "CPU and memory of the lab's parts are not measured: they do not run on this machine";
    }
    const components = [...machine.components].sort((a, b) => b.cpuSeconds - a.cpuSeconds);
    const line = (name: string, cpuSeconds: number, memory?: number, peak?: number, instances?: number) => [
        name,
        number(cpuSeconds, 1),
        number(cpuSeconds / Math.max(1, nodes), 3),
        mib(memory),
        mib(peak),
        number(instances),
    ];
    return table(
        ["component", "CPU-s", "CPU-s per host", "MiB", "peak MiB", "instances"],
        [
            ...components.map(({ component, cpuSeconds, memoryBytes, peakMemoryBytes, instances }) =>
                line(component, cpuSeconds, memoryBytes, peakMemoryBytes, instances),
            ),
            line("Pulumi", growth.pulumiCpuSeconds),
            line("everything else on the machine", otherCpu(machine, growth)),
            line("the machine", machine.cpuSeconds, undefined, machine.peakBytes),
        ],
    );
}

/** Samples that are missing in the usage of the components. */
function failedSamples({ growth: { machine } }: RunResult): string[] {
    return machine !== undefined && machine.failedSamples > 0
        ? [`${machine.failedSamples} samples of the usage failed, the last one: ${machine.lastSampleError}`]
        : [];
}

function latency({ ironicLatency }: RunResult): string[] {
    if (!ironicLatency) {
        return [];
    }
    const { samples, failures, lastError, isForwarded } = ironicLatency;
    const rows = latencyBySize(samples).map((row) => [
        row.nodes,
        row.samples,
        number(row.oneNode.median),
        number(row.oneNode.p95),
        number(row.listing.median),
        number(row.listing.p95),
    ]);
    return [
        `latency of ${isForwarded ? "one conductor's answers through the API server" : "Ironic's answers"} ` +
            "by number of hosts, ms",
        table(["hosts up to", "samples", "one node: median", "p95", "list of all: median", "p95"], rows),
        ...(failures > 0 ? [`${failures} requests to Ironic failed, the last one: ${lastError}`] : []),
    ];
}

function idle({ idle }: RunResult): string[] {
    if (!idle) {
        return [];
    }
    const { seconds, machineCores, memoryBytes } = idle;
    const rows = [...idle.components]
        .sort((a, b) => b.cpuSeconds - a.cpuSeconds)
        .map((row) => [row.component, number(row.cpuSeconds / seconds, 3), mib(row.memoryBytes)]);
    const before = memoryBytes[0] as number;
    const after = memoryBytes.at(-1) as number;
    const growth = number((100 * (after - before)) / before, 1);
    return [
        `idle for ${number(seconds)} s: ${number(machineCores, 3)} cores in use, ` +
            `memory ${memoryBytes.map(mib).join(" → ")} MiB (${growth} %)`,
        table(["component", "cores", "MiB"], rows),
    ];
}

/** All figures of one run. */
export function runReport(run: RunResult): string[] {
    return [
        "",
        `${runName(run)} (${run.commit})`,
        componentTable(run),
        ...failedSamples(run),
        ...stageReport(run.stages),
        ...latency(run),
        ...idle(run),
    ];
}
