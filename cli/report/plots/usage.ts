import { linearRegression } from "simple-statistics";
import type { UsageLine } from "../../record/lines";
import type { RunRecord } from "../../record/record";
import { formatted } from "../figures/format";
import { hostsAt, shares } from "../figures/size";
import { cells, columns, inRun, notRecorded, thinned, type Drawn, type Row, type Run, type Spec } from "./plot";
import { byRun, colourScale, COLOURS, HEIGHT, lines, WIDTH } from "./theme";

/** Components that are shown by name; the others count together. */
const NAMED = 7;
const OTHERS = "all others";
const MIB = 2 ** 20;
const POINTS = 200;

/** The components with most of something over all runs, the most first. */
function most(runs: readonly Run[], of: (record: RunRecord) => Record<string, number>): string[] {
    const sums = new Map<string, number>();
    for (const { record } of runs) {
        for (const [component, value] of Object.entries(of(record))) {
            sums.set(component, (sums.get(component) ?? 0) + value);
        }
    }
    return [...sums].sort(([, a], [, b]) => b - a).map(([component]) => component);
}

/** Adds up a component's values under its name, where that is shown, or with all others. */
function shown(values: Record<string, number>, named: readonly string[]): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const [component, value] of Object.entries(values)) {
        const name = named.includes(component) ? component : OTHERS;
        sums[name] = (sums[name] ?? 0) + value;
    }
    return sums;
}

const cpuOf = ({ result, usage }: RunRecord): Record<string, number> => {
    const components = result?.machine?.components;
    return components === undefined
        ? (usage.at(-1)?.cpuSeconds ?? {})
        : Object.fromEntries(components.map(({ component, cpuSeconds }) => [component, cpuSeconds]));
};

/** Cores that each component used from one sample to the next. */
function cores(earlier: UsageLine, later: UsageLine): Record<string, number> {
    const seconds = later.t - earlier.t;
    return Object.fromEntries(
        Object.entries(later.cpuSeconds).map(([component, value]) => [
            component,
            Math.max(0, value - (earlier.cpuSeconds[component] ?? 0)) / seconds,
        ]),
    );
}

/** e: cores by component over time, and the CPU-seconds of a host by component. */
export function cpu(runs: readonly Run[]): Drawn {
    const order = most(runs, ({ header, ...rest }) => {
        const perHost = cpuOf({ header, ...rest });
        return Object.fromEntries(Object.entries(perHost).map(([name, value]) => [name, value / shares({ header })]));
    });
    if (order.length === 0) {
        return notRecorded("CPU by component (the lab's parts were not on the machine that measured)");
    }
    const named = order.slice(0, NAMED);
    const names = order.length > NAMED ? [...named, OTHERS] : named;
    const labels = runs.map(({ label }) => label);
    const totals = runs.flatMap((run) =>
        Object.entries(shown(cpuOf(run.record), named)).map(([series, value]) => ({
            run,
            series,
            value: value / shares(run.record),
        })),
    );
    const overTime = runs.flatMap(({ label, record }) => {
        const samples = thinned(record.usage, POINTS);
        return samples.slice(1).flatMap((later, index): Row[] => {
            const used = shown(cores(samples[index] as UsageLine, later), named);
            const minutes = (later.t - (record.firstHost ?? 0)) / 60;
            return names.map((series, place) => ({ run: label, series, place, minutes, cores: used[series] ?? 0 }));
        });
    });
    const colour = { field: "series", type: "nominal", scale: colourScale(names) };
    const bars = {
        width: WIDTH,
        data: { values: totals.map(({ run, series, value }) => ({ run: run.label, series, value })) },
        mark: "bar",
        encoding: {
            y: { field: "series", type: "nominal", sort: names, title: null },
            x: { field: "value", type: "quantitative", title: "CPU-seconds a host" },
            ...(runs.length > 1
                ? { yOffset: { field: "run" }, color: { field: "run", type: "nominal", scale: colourScale(labels) } }
                : { color: colour }),
        },
    };
    const area = {
        width: WIDTH,
        height: HEIGHT,
        mark: { type: "area", stroke: COLOURS.paper, strokeWidth: 0.5 },
        encoding: {
            x: { field: "minutes", type: "quantitative", title: "minutes from the first host", scale: { nice: false } },
            y: { field: "cores", type: "quantitative", stack: "zero", title: "cores" },
            color: colour,
            order: { field: "place", type: "quantitative" },
        },
    };
    const series: Spec[] = overTime.length === 0 ? [] : [{ data: { values: overTime }, ...byRun(area, labels) }];
    return {
        reading:
            runs
                .flatMap((run) => {
                    const own = totals.filter((each) => each.run === run).sort((a, b) => b.value - a.value);
                    const sum = own.reduce((all, { value }) => all + value, 0);
                    const [first, second] = own.filter(({ series: name }) => name !== OTHERS);
                    return first === undefined
                        ? []
                        : [
                              `${inRun(run)}a host cost ${formatted(sum, "CPU-s")} in all components, most of it ` +
                                  `${first.series} (${formatted(first.value, "CPU-s")})` +
                                  (second === undefined
                                      ? "."
                                      : ` and ${second.series} (${formatted(second.value, "CPU-s")}).`),
                          ];
                })
                .join(" ") + (overTime.length === 0 ? " Its course over time is not recorded." : ""),
        spec: { vconcat: [...series, bars], resolve: { scale: { color: "independent" } } },
        table: {
            columns: columns(runs, "component", "CPU-s a host", "CPU-s in all"),
            rows: totals
                .sort((a, b) => names.indexOf(a.series) - names.indexOf(b.series))
                .map(({ run, series: name, value }) =>
                    cells(runs, run, name, value.toFixed(3), (value * shares(run.record)).toFixed(1)),
                ),
        },
    };
}

/** f: memory by component, by how many hosts there were; the slope is what a host takes. */
export function memory(runs: readonly Run[]): Drawn {
    const order = most(runs, ({ usage }) => usage.at(-1)?.memoryBytes ?? {});
    if (order.length === 0) {
        return notRecorded("memory by component over time");
    }
    const named = order.slice(0, NAMED + 1);
    const all = runs.map((run) => {
        const hosts = hostsAt(run.record);
        const points = run.record.usage.map(({ t, memoryBytes }) => ({ hosts: hosts(t), memory: memoryBytes }));
        return { run, points };
    });
    /** MiB that the component takes more for each host; undefined where the number of hosts was always the same. */
    const slope = (points: (typeof all)[number]["points"], component: string): number | undefined => {
        const pairs = points.map(({ hosts, memory: of }) => [hosts, (of[component] ?? 0) / MIB]);
        const isFlat = pairs.every(([hosts]) => hosts === pairs[0]?.[0]);
        return isFlat ? undefined : linearRegression(pairs).m;
    };
    const slopes = all.flatMap(({ run, points }) =>
        named.map((component) => ({
            run,
            component,
            slope: slope(points, component),
            last: points.at(-1)?.memory[component] ?? 0,
        })),
    );
    return {
        reading: runs
            .map((run) => {
                const [steepest] = slopes
                    .filter((each) => each.run === run && each.slope !== undefined)
                    .sort((a, b) => (b.slope ?? 0) - (a.slope ?? 0));
                return steepest === undefined
                    ? `${inRun(run)}the number of hosts did not change while memory was sampled.`
                    : `${inRun(run)}the memory of ${steepest.component} grew most with the hosts, by ` +
                          `${formatted((steepest.slope ?? 0) * MIB, "B")} a host.`;
            })
            .join(" "),
        spec: {
            width: WIDTH,
            height: HEIGHT,
            data: {
                values: all.flatMap(({ run, points }) =>
                    thinned(points, POINTS).flatMap(({ hosts, memory: of }, index) =>
                        named.map((series): Row => ({
                            run: run.label,
                            series,
                            hosts,
                            index,
                            mib: (of[series] ?? 0) / MIB,
                        })),
                    ),
                ),
            },
            mark: { type: "line", point: { size: 18 } },
            encoding: {
                x: { field: "hosts", type: "quantitative", title: "hosts in the lab" },
                y: { field: "mib", type: "quantitative", title: "MiB" },
                order: { field: "index", type: "quantitative" },
                ...lines(
                    named,
                    runs.map(({ label }) => label),
                ),
            },
        },
        table: {
            columns: columns(runs, "component", "at the end", "MiB a host"),
            rows: slopes.map(({ run, component, slope: m, last }) =>
                cells(runs, run, component, formatted(last, "B"), m === undefined ? "–" : m.toFixed(3)),
            ),
        },
    };
}
