import type { PowerSync } from "../options";
import type { SizingPoint } from "./row";

/** Pause after a lab was changed, before it counts as at rest. */
export const SETTLE_SECONDS = 120;
/** How long Ironic's API is asked: about sixty times. */
export const LATENCY_SECONDS = 120;
/** Power syncs that the lab at rest is measured over. */
const SYNCS_AT_REST = 2;

/** How long a lab at rest is measured. @param interval seconds between two power syncs */
export const restSeconds = (interval: number): number => SYNCS_AT_REST * interval;

/** Longest wait for the power sync to find a changed host: each host is looked at once in an interval. */
export const sightingSeconds = (interval: number): number => 1.5 * interval + 60;

/** One step of the way through all points. */
export type SizingStep =
    /** What there is of the lab goes, and there is an empty stack. */
    | { do: "begin" }
    /** The lab is brought to a point at which nothing is measured. */
    | { do: "bring"; point: SizingPoint }
    /** The lab is brought to a point and measured. @param grownFrom hosts that it had; absent: it grows by none. */
    | { do: "measure"; point: SizingPoint; grownFrom?: number }
    /** The lab is taken away. */
    | { do: "end" };

/** What is to be measured. */
export interface SizingPlan {
    /** Numbers of hosts, ascending. */
    nodes: readonly number[];
    conductors: readonly number[];
    /** The first one holds while a lab grows. */
    powerSyncs: readonly PowerSync[];
}

/**
 * The way through all points. Each number of conductors has a fresh lab, because the time in which hosts are enrolled
 * is measured with each: a living lab would have to let go of all its hosts first, which takes longer than a new one,
 * and would keep the old hosts' rows in its database. Within a lab only its hosts and its power sync change, and it
 * goes back to the first power sync before it grows, so that hosts of all sizes are enrolled in the same way.
 * @param keep whether the last lab stays up
 */
export function sizingSteps({ nodes, conductors, powerSyncs }: SizingPlan, keep: boolean): SizingStep[] {
    const [first, ...others] = powerSyncs;
    if (first === undefined) {
        return [];
    }
    const steps = conductors.flatMap((count): SizingStep[] => {
        const point = (hosts: number, powerSync: PowerSync): SizingPoint => ({
            nodes: hosts,
            conductors: count,
            powerSync,
        });
        return [
            { do: "begin" },
            ...nodes.flatMap((hosts, index): SizingStep[] => {
                const before = nodes[index - 1];
                return [
                    ...(before !== undefined && others.length > 0
                        ? [{ do: "bring" as const, point: point(before, first) }]
                        : []),
                    { do: "measure", point: point(hosts, first), grownFrom: before ?? 0 },
                    ...others.map((other) => ({ do: "measure" as const, point: point(hosts, other) })),
                ];
            }),
            { do: "end" },
        ];
    });
    return keep ? steps.slice(0, -1) : steps;
}

/** Seconds of a way that pass at rest, whatever the machine can do. Each power sync is waited for one interval. */
export const waitingSeconds = (steps: readonly SizingStep[], intervalOf: (point: SizingPoint) => number): number =>
    steps.reduce((sum, step) => {
        if (step.do !== "measure") {
            return sum;
        }
        const interval = intervalOf(step.point);
        return sum + SETTLE_SECONDS + restSeconds(interval) + LATENCY_SECONDS + interval;
    }, 0);
