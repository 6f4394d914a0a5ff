import { CLUSTER_STEPS, durations, HOST_STEPS, type Stage } from "../figures/events";
import { formatted } from "../figures/format";
import { spread } from "../figures/measured";
import { ascending } from "../figures/order";
import { cells, columns, inRun, notRecorded, type Drawn, type Row, type Run } from "./plot";
import { colourScale, lines, WIDTH } from "./theme";

/** Times are whole seconds, and the scale has no 0: what took less than a second is drawn here. */
const LEAST_SECONDS = 0.5;

const STEPS: readonly Stage[] = [...HOST_STEPS, ...CLUSTER_STEPS];
const stepName = ({ name }: Stage): string => name.slice(name.indexOf(".") + 1).replace("-", " ");
const KINDS = ["hosts", "clusters"] as const;

/** The share of objects that took at most so long, at each time that occurs. */
export function distribution(values: readonly number[]): { seconds: number; share: number }[] {
    const sorted = ascending(values);
    return sorted.flatMap((seconds, index) =>
        sorted[index + 1] === seconds ? [] : [{ seconds, share: (index + 1) / sorted.length }],
    );
}

/** c: which share of the objects took at most how long for each stage. */
export function distributions(runs: readonly Run[]): Drawn {
    const all = runs.flatMap((run) =>
        STEPS.flatMap((step) => {
            const values = durations(run.record, step.kind, step.from, step.to);
            const figures = spread(values);
            return figures === undefined ? [] : [{ run, step, values, figures }];
        }),
    );
    if (all.length === 0) {
        return notRecorded("how long objects spent in each stage");
    }
    const rows = all.flatMap(({ run, step, values }) =>
        [{ seconds: Math.min(...values), share: 0 }, ...distribution(values)].map(({ seconds, share }): Row => ({
            run: run.label,
            kind: step.kind,
            series: stepName(step),
            seconds: Math.max(LEAST_SECONDS, seconds),
            share,
        })),
    );
    const kinds = KINDS.filter((kind) => rows.some((row) => row["kind"] === kind));
    const slowest = runs.flatMap((run) => {
        const [worst] = all
            .filter((each) => each.run === run)
            .sort((a, b) => (b.figures.p95 ?? 0) - (a.figures.p95 ?? 0));
        return worst === undefined
            ? []
            : [
                  `${inRun(run)}the longest stage is ${stepName(worst.step)} of ${worst.step.kind}: ` +
                      `half of them took ${formatted(worst.figures.p50, "s")} at most, ` +
                      `95 % ${formatted(worst.figures.p95, "s")}.`,
              ];
    });
    const panels = kinds.map((kind) => {
        const names = [...new Set(rows.filter((row) => row["kind"] === kind).map((row) => String(row["series"])))];
        return {
            title: { text: kind, anchor: "start", fontWeight: "normal", fontSize: 13 },
            width: WIDTH,
            height: 170,
            transform: [{ filter: `datum.kind === '${kind}'` }],
            mark: { type: "line", interpolate: "step-after" },
            encoding: {
                x: {
                    field: "seconds",
                    type: "quantitative",
                    scale: { type: "log", nice: false },
                    title: "seconds in the stage",
                },
                y: { field: "share", type: "quantitative", axis: { format: "%" }, title: "share done" },
                ...lines(
                    names,
                    runs.map(({ label }) => label),
                ),
            },
        };
    });
    return {
        reading: slowest.join(" "),
        spec: {
            data: { values: rows },
            vconcat: panels,
            resolve: { scale: { color: "independent", strokeDash: "independent" } },
        },
        table: {
            columns: columns(runs, "of", "stage", "n", "p50", "p95", "p99", "max"),
            rows: all.map(({ run, step, figures: { n, p50, p95, p99, max } }) =>
                cells(
                    runs,
                    run,
                    step.kind,
                    stepName(step),
                    n,
                    ...[p50, p95, p99, max].map((each) => formatted(each, "s")),
                ),
            ),
        },
    };
}

/** An object whose whole way took as long as a share of them took at most. */
interface Example {
    run: Run;
    kind: (typeof KINDS)[number];
    which: string;
    name: string;
    seconds: number;
    steps: { step: Stage; from: number; to: number }[];
}

/** The object at a percentile of the whole way, and its stages, seconds from its creation. */
function example(run: Run, kind: Example["kind"], which: string, share: number): Example[] {
    const steps = kind === "hosts" ? HOST_STEPS : CLUSTER_STEPS;
    const goals = kind === "hosts" ? ["firstProvisioned", "available"] : ["available"];
    const objects = run.record.objects[kind];
    const goal = goals.find((event) => objects.some(({ events }) => events[event] !== undefined));
    const ways = objects
        .flatMap(({ name, events }) => {
            const [begin, end] = [events["queued"] ?? events["created"], goal === undefined ? undefined : events[goal]];
            return begin === undefined || end === undefined ? [] : [{ name, events, begin, seconds: end - begin }];
        })
        .sort((a, b) => a.seconds - b.seconds || a.name.localeCompare(b.name));
    const found = ways[Math.max(0, Math.ceil(ways.length * share) - 1)];
    if (found === undefined) {
        return [];
    }
    let from = 0;
    const bars = steps.flatMap((step) => {
        const { [step.to]: end } = found.events;
        const to = end === undefined ? from : end - found.begin;
        const bar = { step, from, to: Math.max(from, to) };
        from = bar.to;
        return bar.to > bar.from ? [bar] : [];
    });
    return [{ run, kind, which, name: found.name, seconds: found.seconds, steps: bars }];
}

/** d: the stages of the object in the middle, and of one that is slower than 95 % of the others. */
export function waterfall(runs: readonly Run[]): Drawn {
    const all = runs.flatMap((run) =>
        KINDS.flatMap((kind) => [...example(run, kind, "median", 0.5), ...example(run, kind, "p95", 0.95)]),
    );
    if (all.length === 0) {
        return notRecorded("when objects reached their stages");
    }
    const title = ({ run, kind, which }: Example): string => `${inRun(run)}${which} of ${kind}`;
    const names = [...new Set(all.flatMap(({ steps }) => steps.map(({ step }) => stepName(step))))];
    return {
        reading: all
            .flatMap((each) => {
                const [longest] = [...each.steps].sort((a, b) => b.to - b.from - (a.to - a.from));
                return longest === undefined
                    ? []
                    : [
                          `${title(each)}: ${each.name} took ${formatted(each.seconds, "s")}, ` +
                              `${formatted(longest.to - longest.from, "s")} of them in ${stepName(longest.step)}.`,
                      ];
            })
            .join(" "),
        spec: {
            width: WIDTH,
            height: { step: 34 },
            data: {
                values: all.flatMap((each) =>
                    each.steps.map(({ step, from, to }) => ({ object: title(each), stage: stepName(step), from, to })),
                ),
            },
            mark: { type: "bar" },
            encoding: {
                y: { field: "object", type: "nominal", sort: all.map(title), title: null },
                x: { field: "from", type: "quantitative", title: "seconds from the creation of the object" },
                x2: { field: "to" },
                color: { field: "stage", type: "nominal", scale: colourScale(names) },
            },
        },
        table: {
            columns: columns(runs, "which", "object", "stage", "from", "to", "took"),
            rows: all.flatMap((each) =>
                each.steps.map(({ step, from, to }) =>
                    cells(
                        runs,
                        each.run,
                        `${each.which} of ${each.kind}`,
                        each.name,
                        stepName(step),
                        ...[from, to, to - from].map((value) => formatted(value, "s")),
                    ),
                ),
            ),
        },
    };
}
