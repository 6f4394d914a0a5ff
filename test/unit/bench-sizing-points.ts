import type { SizingFigures } from "../../cli/bench/sizing/figures";
import type { SizingRow } from "../../cli/bench/sizing/row";
import { summary } from "../../cli/bench/summary";
import type { ComponentUsage } from "../../cli/bench/usage/totals";

export const MIB = 2 ** 20;

/** A point at which all limits hold, unless it is given otherwise. */
export const figures = (given: Partial<SizingFigures> = {}): SizingFigures => {
    const { nodes = 100, conductors = 1 } = given;
    return {
        nodes,
        conductors,
        powerSync: "published",
        intervalSeconds: 120,
        hostsPerConductor: Math.ceil(nodes / conductors),
        passSeconds: 10,
        lagSeconds: summary([20, 100]),
        unseen: 0,
        listingMs: summary([30]),
        conductorCores: 0.1,
        ...given,
    };
};

const usage = (component: string, cpuSeconds: number, memory: number): ComponentUsage => ({
    component,
    cpuSeconds,
    memoryBytes: memory * MIB,
    peakMemoryBytes: memory * MIB,
    instances: 1,
});

/** Moment so many seconds after noon. */
export const at = (seconds: number): string => new Date(Date.UTC(2026, 2, 2, 12) + 1000 * seconds).toISOString();

/** A row with everything measured: 100 hosts on two conductors, which used half a core together at rest. */
export const row = (given: Partial<SizingRow> = {}): SizingRow => ({
    nodes: 100,
    conductors: 2,
    powerSync: "published",
    began: at(0),
    intervalSeconds: 120,
    calibrationMs: [131.4, 150],
    enrolment: {
        up: { seconds: 400, cpuSeconds: 20, peakMemoryBytes: MIB },
        growth: {
            began: at(0),
            seconds: 200,
            pulumiCpuSeconds: 10,
            machine: {
                cpuSeconds: 400,
                components: [usage("bmo", 30, 90), usage("ironic", 120, 500), usage("ironic nginx", 9, 20)],
                peakBytes: 900 * MIB,
                bytesBefore: 500 * MIB,
                failedSamples: 0,
            },
        },
        available: 100,
        of: 100,
        perMinute: 30.25,
        host: summary([18, 20, 42]),
    },
    rest: {
        seconds: 240,
        machineCores: 0.75,
        components: [usage("ironic", 120, 640), usage("mariadb", 24, 300)],
        memoryBytes: [MIB, MIB],
        failedSamples: 0,
    },
    latency: {
        samples: [5, 6, 7].map((ms) => ({ seconds: 1, nodes: 100, oneNodeMs: ms, listingMs: 10 * ms })),
        failures: 0,
        lastError: "",
    },
    sightings: [
        { node: "a", conductor: "one", position: 0, changed: at(0), seen: at(30) },
        { node: "b", conductor: "one", position: 49, changed: at(0), seen: at(34) },
        { node: "c", conductor: "two", position: 0, changed: at(1), seen: at(61) },
        { node: "d", conductor: "two", position: 49, changed: at(0), seen: at(67) },
    ],
    ...given,
});
