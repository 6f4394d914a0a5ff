import { linearRegression, mean, rootMeanSquare } from "simple-statistics";
import type { Fitted } from "./fitted";
import type { Measured, Measurements } from "./measurements";
import { growth, peakGib, pulumiSeconds, upSeconds, type LabSize, type Parameters } from "./model";

/** Where the search begins: the model of docs/performance.md, and what a glance at the measurements says. */
const START: Parameters = {
    hostWork: 2.6,
    machineWork: 3.7,
    upkeep: 0.001,
    leastSeconds: 40,
    fromNothingSeconds: 68,
    pulumiSeconds: 8,
    pulumiSecondsEach: 0.02,
    removalWork: 0.25,
    leastRemovalSeconds: 40,
    conductorsSeconds: 8,
    baseGib: 1.8,
    machineGib: 0.011,
    hostShare: 0.1,
    garbageGib: 2.4,
};

/** Names of parameters that are fitted together. */
type Names = readonly (keyof Parameters)[];

const OF_TIME: Names = ["hostWork", "machineWork", "upkeep", "leastSeconds", "fromNothingSeconds"];
const OF_REMOVAL: Names = ["removalWork", "leastRemovalSeconds"];
const OF_MEMORY: Names = ["baseGib", "machineGib", "hostShare", "garbageGib"];

/** One figure that was measured, beside what the model says of it. */
export interface Compared {
    row: Measured;
    what: "growth" | "up" | "cpu" | "gib";
    seen: number;
    predicted: number;
}

const sizeOf = ({ hosts, machines, conductors = 2 }: Omit<Measured, "source">): LabSize => ({
    hosts,
    machines,
    conductors,
});

function comparedTime(rows: readonly Measured[], cores: number, known: Parameters): Compared[] {
    return rows.flatMap((row) => {
        const to = sizeOf(row);
        const from = row.from && sizeOf(row.from);
        const grown = growth(from ?? sizeOf({ hosts: 0, machines: 0 }), to, cores, known);
        const says = {
            growth: grown.seconds,
            up: upSeconds(from, to, cores, known),
            cpu: grown.cpuSeconds / row.hosts,
        };
        return (["growth", "up", "cpu"] as const).flatMap((what) => {
            const seen = row[what];
            return seen === undefined ? [] : [{ row, what, seen, predicted: says[what] }];
        });
    });
}

const comparedMemory = (rows: readonly Measured[], known: Parameters): Compared[] =>
    rows.map((row) => ({ row, what: "gib", seen: row.gib ?? 0, predicted: peakGib(sizeOf(row), known) }));

/** By how much a prediction is off, as a logarithm: -0.1 is about 10 % too low. */
export const offBy = ({ seen, predicted }: Compared): number => Math.log(predicted / seen);

/** Each size counts as much as another, however often it was measured. */
function loss(compared: readonly Compared[]): number {
    const key = ({ row, what }: Compared): string => `${what} ${row.from?.hosts ?? 0} ${row.hosts} ${row.machines}`;
    const counts = new Map<string, number>();
    compared.forEach((each) => counts.set(key(each), (counts.get(key(each)) ?? 0) + 1));
    return compared.reduce((sum, each) => sum + offBy(each) ** 2 / (counts.get(key(each)) ?? 1), 0);
}

/**
 * Changes parameters, one after another and by ever smaller factors, as long as the loss falls: a pattern search
 * (Hooke and Jeeves 1961). It needs no derivatives, and every parameter stays above 0.
 */
function searched(start: Parameters, names: Names, lossOf: (known: Parameters) => number): Parameters {
    let [best, least] = [start, lossOf(start)];
    for (let step = 0.2; step > 1e-3; step /= 2) {
        for (let moved = true; moved;) {
            moved = false;
            for (const candidate of names.flatMap((name) =>
                [1, -1].map((sign) => ({ name, by: Math.exp(sign * step) })),
            )) {
                const next = { ...best, [candidate.name]: best[candidate.name] * candidate.by };
                const found = lossOf(next);
                if (found < least - 1e-7) {
                    [best, least, moved] = [next, found, true];
                }
            }
        }
    }
    return best;
}

/** The parameters with which the model is nearest to the measurements. */
export function fit(measured: Measurements): Parameters {
    const { cores } = measured.machine;
    const { m, b } = linearRegression(measured.unchanged.map(({ hosts, machines, up = 0 }) => [hosts + machines, up]));
    let known: Parameters = { ...START, pulumiSeconds: Math.max(0, b), pulumiSecondsEach: Math.max(0, m) };
    const timed = [...measured.made, ...measured.grown];
    known = searched(known, OF_TIME, (each) => loss(comparedTime(timed, cores, each)));
    known = searched(known, OF_REMOVAL, (each) => loss(comparedTime(measured.shrunk, cores, each)));
    const more = measured.conductors.map((row) => (row.up ?? 0) - pulumiSeconds(sizeOf(row), known));
    known = { ...known, conductorsSeconds: Math.max(0, mean(more)) };
    return searched(known, OF_MEMORY, (each) => loss(comparedMemory(measured.memory, each)));
}

/** Each measured figure beside what a model says of it that was fitted without that figure's row. */
export function leaveOneOut(measured: Measurements): Compared[] {
    const without = <Row>(rows: readonly Row[], row: Row): Row[] => rows.filter((each) => each !== row);
    const { cores } = measured.machine;
    return [
        ...(["made", "grown"] as const).flatMap((list) =>
            measured[list].flatMap((row) =>
                comparedTime([row], cores, fit({ ...measured, [list]: without(measured[list], row) })),
            ),
        ),
        ...measured.memory.flatMap((row) =>
            comparedMemory([row], fit({ ...measured, memory: without(measured.memory, row) })),
        ),
    ];
}

/** Three digits: with more, the last one would differ between machines. */
const rounded = (value: number): number => Number(value.toPrecision(3));

const error = (all: readonly Compared[], isOf: (each: Compared) => boolean): number =>
    rounded(2 * rootMeanSquare(all.filter(isOf).map(offBy)));

/** The model of measurements, with how far it is off (fitted.ts). @param left what {@link leaveOneOut} says */
export function fittedOf(measured: Measurements, left: readonly Compared[]): Fitted {
    const parameters = Object.entries<number>({ ...fit(measured) }).map(([name, value]) => [name, rounded(value)]);
    return {
        parameters: Object.fromEntries(parameters) as Parameters,
        error: { time: error(left, ({ what }) => what === "up"), memory: error(left, ({ what }) => what === "gib") },
        largestHosts: Math.max(...measured.made.map(({ hosts }) => hosts)),
    };
}

/** The measurements without those of some number of hosts. */
export const withoutHosts = (measured: Measurements, hosts: number): Measurements => ({
    ...measured,
    ...Object.fromEntries(
        (["made", "unchanged", "memory"] as const).map((list) => [
            list,
            measured[list].filter((row) => row.hosts !== hosts),
        ]),
    ),
});
