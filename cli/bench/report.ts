import Table from "cli-table3";
import type { BenchFile } from "../bench";
import { latencyBySize } from "./latency";
import type { RunResult } from "./measure";
import type { ResizeRun } from "./resize";
import type { StageReport } from "./stages";

const MIB = 2 ** 20;

const number = (value: number | null | undefined, digits = 0): string =>
    value === undefined || value === null ? "–" : value.toFixed(digits);
const name = (run: RunResult): string =>
    `${run.nodes}/${run.clusters}${run.tuning === "published" ? " published" : ""}`;

function table(head: string[], rows: (string | number)[][]): string {
    const made = new Table({
        head,
        style: { head: [], border: [] },
        colAligns: head.map((_, index) => (index === 0 ? "left" : "right")),
    });
    made.push(...rows.map((row) => row.map(String)));
    return made.toString();
}

/** CPU-seconds of the whole machine for a host with its cluster, from the first host to the last Available. */
export const cpuPerHost = (run: RunResult): number => run.growth.machineCpuSeconds / Math.max(1, run.nodes);

/** Seconds from the first host until everything is where it should be. */
export function converged(run: RunResult): number {
    const { fleet } = run.stages;
    const { seconds } = run.clusters > 0 ? fleet.clustersAvailable : fleet.hostsProvisioned;
    if (seconds === null) {
        throw new Error(`${name(run)} never converged`);
    }
    return seconds;
}

function times({ runs }: BenchFile): string {
    return table(
        [
            "hosts/clusters",
            "up s",
            "enrolled s",
            "provisioned s",
            "Available s",
            "hosts/min",
            "clusters/min",
            "CPU-s each",
            "peak MiB",
            "destroy s",
            "yardstick ms",
        ],
        runs.map((run) => {
            const { fleet } = run.stages;
            return [
                name(run),
                number(run.up.seconds),
                number(fleet.hostsEnrolled.seconds),
                number(fleet.hostsProvisioned.seconds),
                number(fleet.clustersAvailable.seconds),
                number(fleet.hostsProvisioned.perMinute, 1),
                number(fleet.clustersAvailable.perMinute, 1),
                number(cpuPerHost(run), 2),
                number((run.growth.peakMachineBytes - run.growth.machineBytesBefore) / MIB),
                number(run.destroy?.seconds),
                run.yardstickMs?.map((value) => number(value)).join(", ") ?? "–",
            ];
        }),
    );
}

/** Most stalled objects to name of a stage. */
const NAMED_STALLS = 5;

/** Where the time went. */
function stageTable({ hosts, clusters, machines }: StageReport): string {
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
    const named = stalls.map(
        (stall) => `  ${stall.name}: ${stall.stage} ${number(stall.seconds)} s${stall.open ? " and not over" : ""}`,
    );
    return [
        table(["stage, s", "ended", "open", "median", "p95", "max", "stalls"], rows),
        ...(named.length > 0 ? ["more than 60 s beyond the median:", ...named] : []),
    ].join("\n");
}

/** Components by what they used, and what nobody accounts for. CPU-seconds a host. */
function components(run: RunResult): string {
    const { growth } = run;
    const rows = growth.components.map((component) => ({ ...component })).sort((a, b) => b.cpuSeconds - a.cpuSeconds);
    const known = rows.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) + growth.pulumiCpuSeconds;
    const line = (
        component: string,
        cpuSeconds: number,
        memory?: number,
        peak?: number,
        instances?: number,
    ): (string | number)[] => [
        component,
        number(cpuSeconds, 1),
        number(cpuSeconds / Math.max(1, run.nodes), 3),
        memory === undefined ? "–" : number(memory / MIB),
        peak === undefined ? "–" : number(peak / MIB),
        instances ?? "–",
    ];
    return table(
        ["component", "CPU-s", "CPU-s a host", "MiB", "peak MiB", "instances"],
        [
            ...rows.map((row) =>
                line(row.component, row.cpuSeconds, row.memoryBytes, row.peakMemoryBytes, row.instances),
            ),
            line("Pulumi", growth.pulumiCpuSeconds),
            line("everything else on the machine", growth.machineCpuSeconds - known),
            line("the machine", growth.machineCpuSeconds, undefined, growth.peakMachineBytes),
        ],
    );
}

function pulumi({ runs }: BenchFile): string {
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
            name(run),
            number(run.preview.seconds, 1),
            number(run.preview.cpuSeconds, 1),
            number(run.up.cpuSeconds, 1),
            number(run.up.peakMemoryBytes / MIB),
            number(run.noChangeUp?.seconds, 1),
            number(run.previewAfter?.seconds, 1),
            run.state.resources,
            run.state.bytes === undefined ? "–" : number(run.state.bytes / 1024),
        ]),
    );
}

function ratios({ runs }: BenchFile): string[] {
    const published = runs.filter(({ tuning }) => tuning === "published");
    return published.flatMap((reference) =>
        runs
            .filter(
                (run) => run.tuning === "lab" && run.nodes === reference.nodes && run.clusters === reference.clusters,
            )
            .map(
                (run) =>
                    `${name(run)}: ${number(converged(reference))} s the published way, ${number(converged(run))} s the lab's: ${number(converged(reference) / converged(run), 1)} times faster`,
            ),
    );
}

function latency(run: RunResult): string[] {
    if (!run.ironicLatency) {
        return [];
    }
    const rows = latencyBySize(run.ironicLatency.samples).map((row) => [
        row.nodes,
        row.samples,
        number(row.oneNode.median),
        number(row.oneNode.p95),
        number(row.listing.median),
        number(row.listing.p95),
    ]);
    const failed =
        run.ironicLatency.failures > 0
            ? [`${run.ironicLatency.failures} questions failed, the last: ${run.ironicLatency.lastError}`]
            : [];
    return [
        "Ironic's answers by number of hosts, ms",
        table(["hosts", "samples", "one node p50", "p95", "listing p50", "p95"], rows),
        ...failed,
    ];
}

function idle(run: RunResult): string[] {
    if (!run.idle) {
        return [];
    }
    const { seconds, machineCores, memoryBytes } = run.idle;
    const rows = [...run.idle.components]
        .sort((a, b) => b.cpuSeconds - a.cpuSeconds)
        .map((row) => [row.component, number(row.cpuSeconds / seconds, 3), number(row.memoryBytes / MIB)]);
    const before = memoryBytes[0] as number;
    const after = memoryBytes.at(-1) as number;
    return [
        `idle for ${number(seconds)} s: ${number(machineCores, 3)} cores in use, memory ${memoryBytes.map((bytes) => number(bytes / MIB)).join(" → ")} MiB (${number((100 * (after - before)) / before, 1)} %)`,
        table(["component", "cores", "MiB"], rows),
    ];
}

/** Most things to name that were touched and should not be. */
const NAMED_TOUCHED = 10;

/** What a lab that was resized while it worked did. */
function resized({ commit, steps, seconds, end }: ResizeRun): string[] {
    const rows = steps.map(({ from, to, had, up, changes, touched }) => [
        `${from.nodes}/${from.clusters} → ${to.nodes}/${to.clusters}`,
        `${had.hostsProvisioned}/${had.clustersAvailable}`,
        number(up.seconds),
        number(up.cpuSeconds, 1),
        ...["create", "update", "replace", "delete", "same"].map((operation) => changes[operation] ?? 0),
        touched.length,
    ]);
    const named = steps.flatMap(({ touched }) => touched.slice(0, NAMED_TOUCHED).map((what) => `  ${what}`));
    return [
        "",
        `resized under load (${commit}): after ${number(seconds)} s ${end.hostsProvisioned} of ${end.hosts} hosts provisioned, ${end.clustersAvailable} of ${end.clusters} clusters Available`,
        table(
            [
                "hosts/clusters",
                "done when told",
                "up s",
                "CPU-s",
                "created",
                "updated",
                "replaced",
                "deleted",
                "same",
                "touched",
            ],
            rows,
        ),
        ...(named.length > 0 ? ["touched, and should not have been:", ...named] : []),
    ];
}

/** Everything that was measured, for a person. */
export function report(file: BenchFile): string {
    const each = file.runs.flatMap((run) => [
        "",
        `${name(run)} (${run.commit})`,
        components(run),
        stageTable(run.stages),
        ...latency(run),
        ...idle(run),
    ]);
    const tables = file.runs.length > 0 ? ["", times(file), pulumi(file), ...ratios(file)] : [];
    return [...each, ...tables, ...file.resizes.flatMap(resized)].join("\n");
}
