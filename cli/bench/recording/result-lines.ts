import type { EndLine, ObjectsLine, ResultLine } from "../../record/lines";
import type { RunResult } from "../file";
import type { Group } from "../stages/group";
import type { StageReport } from "../stages/report";

/**
 * The events of the objects of each kind, seconds from the beginning of the run.
 * @param available when hosts were first seen available, Unix time in milliseconds: a host that is in use does not bear
 * that itself any more
 */
export function objectLines(
    { hosts, clusters, machines }: StageReport,
    began: Date,
    available: ReadonlyMap<string, number>,
): ObjectsLine[] {
    const seconds = (moment: number): number => (moment - began.getTime()) / 1000;
    const line = (kind: ObjectsLine["kind"], { objects }: Group): ObjectsLine => ({
        line: "objects",
        kind,
        objects: objects.map(({ name, events }) => ({
            name,
            events: Object.fromEntries(Object.entries(events).map(([event, at]) => [event, seconds(Date.parse(at))])),
        })),
    });
    const ofHosts = line("hosts", hosts);
    for (const { name, events } of ofHosts.objects) {
        const seen = available.get(name);
        if (seen !== undefined) {
            events["available"] ??= seconds(seen);
        }
    }
    return [ofHosts, line("clusters", clusters), line("machines", machines)];
}

/** Objects that are to reach the goal and have not. */
function failed({ hostsProvisioned, clustersAvailable, machinesReady }: StageReport["fleet"]): number {
    return [hostsProvisioned, clustersAvailable, machinesReady].reduce((sum, { count, of }) => sum + of - count, 0);
}

const stage = ({ hosts }: StageReport, wanted: string): Group["stages"][number] | undefined =>
    hosts.stages.find(({ name }) => name === wanted);

/** What is known of a run; of an `up` by itself less than of one of the benchmark. */
export type Outcome = Pick<RunResult, "stages" | "growth" | "up"> &
    Partial<Pick<RunResult, "preview" | "noChangeUp" | "previewAfter" | "state" | "idle" | "ironicLatency">>;

/** What a run has come to. @param t seconds from the beginning of the run */
export function resultLine(result: Outcome, t: number): ResultLine {
    const { stages, growth, ironicLatency, preview, up, noChangeUp, previewAfter, state, idle } = result;
    const groups = [stages.hosts, stages.clusters, stages.machines];
    const { machine } = growth;
    const again = stage(stages, "register again");
    return {
        line: "result",
        t,
        failed: failed(stages.fleet),
        stalls: groups.flatMap((group) => group.stages.flatMap(({ stalls }) => stalls)).length,
        registeredAgain: again === undefined ? 0 : again.count + again.open,
        ironicFailures: ironicLatency?.failures ?? null,
        growthSeconds: growth.seconds,
        pulumiCpuSeconds: growth.pulumiCpuSeconds,
        machine:
            machine === undefined
                ? null
                : {
                      cpuSeconds: machine.cpuSeconds,
                      peakBytes: machine.peakBytes,
                      bytesBefore: machine.bytesBefore,
                      failedSamples: machine.failedSamples,
                      components: machine.components.map(({ component, cpuSeconds, peakMemoryBytes }) => ({
                          component,
                          cpuSeconds,
                          peakMemoryBytes,
                      })),
                  },
        commands: {
            up,
            ...(preview && { preview }),
            ...(noChangeUp && { noChangeUp }),
            ...(previewAfter && { previewAfter }),
        },
        state: state ?? null,
        idleCores: idle?.machineCores ?? null,
    };
}

/** The end of a run that has come to its end. */
export const endLine = ({ calibrationMs, destroy }: Partial<RunResult>, t: number): EndLine => ({
    line: "end",
    t,
    error: null,
    calibrationMs: calibrationMs?.[1] ?? null,
    destroy: destroy ?? null,
});
