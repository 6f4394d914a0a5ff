import { between } from "../../record/histogram";
import { formatted } from "../figures/format";
import { histogramSpread, spread } from "../figures/measured";
import { cells, columns, inRun, notRecorded, thinned, type Drawn, type Row, type Run } from "./plot";
import { dashScale, SERIES } from "./theme";

const POINTS = 120;

/** h: how many objects waited in the queues of each controller, over time. */
export function queues(runs: readonly Run[]): Drawn {
    const names = [
        ...new Set(runs.flatMap(({ record }) => record.metrics.flatMap((l) => Object.keys(l.controllers)))),
    ].sort();
    if (names.length === 0) {
        return notRecorded("the queues of the controllers");
    }
    const rows = runs.flatMap(({ label, record }) =>
        thinned(record.metrics, POINTS).flatMap(({ t, controllers }): Row[] =>
            names.flatMap((controller) => {
                const depth = controllers[controller]?.depth;
                const minutes = (t - (record.firstHost ?? 0)) / 60;
                return depth === undefined ? [] : [{ run: label, controller, minutes, depth }];
            }),
        ),
    );
    const figures = runs.flatMap((run) =>
        names.map((controller) => {
            const known = run.record.metrics.flatMap(({ controllers }) => controllers[controller] ?? []);
            const [first, last] = [known[0], known.at(-1)];
            const isNew = run.record.metrics[0]?.controllers[controller] === undefined;
            const waited = last?.waited
                ? histogramSpread(between(isNew ? undefined : first?.waited, last.waited))
                : undefined;
            return { run, controller, depth: spread(known.map(({ depth }) => depth)), waited };
        }),
    );
    const labels = runs.map(({ label }) => label);
    return {
        reading: runs
            .map((run) => {
                const own = figures.filter((each) => each.run === run);
                const [deepest] = [...own].sort((a, b) => (b.depth?.max ?? 0) - (a.depth?.max ?? 0));
                const [slowest] = [...own].sort((a, b) => (b.waited?.p99 ?? 0) - (a.waited?.p99 ?? 0));
                const wait = formatted(slowest?.waited?.p99, "s");
                return (
                    `${inRun(run)}at most ${deepest?.depth?.max ?? 0} objects waited in the queues of ` +
                    `${deepest?.controller}; the longest wait, p99, was ${wait} in those of ${slowest?.controller}.`
                );
            })
            .join(" "),
        spec: {
            data: { values: rows },
            facet: { field: "controller", type: "nominal", sort: names, title: null },
            columns: 3,
            spec: {
                width: 120,
                height: 70,
                mark: { type: "line", color: SERIES[0] },
                encoding: {
                    x: { field: "minutes", type: "quantitative", title: "minutes", axis: { tickCount: 3 } },
                    y: { field: "depth", type: "quantitative", title: "waiting", axis: { tickCount: 3 } },
                    ...(runs.length > 1
                        ? {
                              color: {
                                  field: "run",
                                  type: "nominal",
                                  scale: { domain: labels, range: SERIES.slice(0, 2) },
                              },
                              strokeDash: { field: "run", type: "nominal", scale: dashScale(labels) },
                          }
                        : {}),
                },
            },
            resolve: { scale: { y: "independent" } },
        },
        table: {
            columns: columns(runs, "controller", "depth p50", "depth max", "waited p50", "waited p99"),
            rows: figures.map(({ run, controller, depth, waited }) =>
                cells(
                    runs,
                    run,
                    controller,
                    formatted(depth?.p50, ""),
                    formatted(depth?.max, ""),
                    formatted(waited?.p50, "s"),
                    formatted(waited?.p99, "s"),
                ),
            ),
        },
    };
}
