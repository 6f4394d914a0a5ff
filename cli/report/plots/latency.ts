import { between, quantile } from "../../record/histogram";
import type { RunRecord } from "../../record/record";
import { formatted } from "../figures/format";
import { spread } from "../figures/measured";
import { OBJECTIVES, requestLatency, type RequestKind } from "../figures/parts";
import { hostsAt } from "../figures/size";
import { cells, columns, inRun, notRecorded, type Drawn, type Row, type Run } from "./plot";
import { COLOURS, HEIGHT, lines, WIDTH } from "./theme";

/** Ends of the ranges of the number of hosts in the table. */
const RANGES = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
/** Names of the series. A number of kube-apiserver's is that of half a minute; one of Ironic's a single answer. */
const IRONIC = { get: "Ironic, one node", list: "Ironic, list of all" };
const APISERVER: Partial<Record<RequestKind, string>> = {
    mutating: "kube-apiserver, writes, p99",
    single: "kube-apiserver, GETs, p99",
    namespace: "kube-apiserver, lists, p99",
};
/** The scale has no 0. */
const LEAST_SECONDS = 0.001;

interface Point {
    run: Run;
    series: string;
    hosts: number;
    seconds: number;
}

function apiserver(run: Run): Point[] {
    const { metrics } = run.record;
    const hostsThere = hostsAt(run.record);
    return metrics.slice(1).flatMap((later, index) =>
        (Object.keys(APISERVER) as RequestKind[]).flatMap((kind): Point[] => {
            const [before, now] = [metrics[index], later].map((line) => line && requestLatency(line, kind));
            const seconds = now === undefined ? null : quantile(between(before, now), 0.99);
            return seconds === null
                ? []
                : [{ run, series: APISERVER[kind] ?? kind, hosts: hostsThere(later.t), seconds }];
        }),
    );
}

const ironic = (run: Run): Point[] =>
    run.record.ironic.flatMap(({ nodes, oneNodeMs, listingMs }) => [
        { run, series: IRONIC.get, hosts: nodes, seconds: oneNodeMs / 1000 },
        { run, series: IRONIC.list, hosts: nodes, seconds: listingMs / 1000 },
    ]);

/** Middle and 95th percentile of a series in each range of the number of hosts. */
function ranges(points: readonly Point[]): { upTo: number; n: number; p50: number; p95: number; max: number }[] {
    return RANGES.flatMap((upTo, index) => {
        const within = points.filter(({ hosts }) => hosts <= upTo && hosts > (RANGES[index - 1] ?? -1));
        const found = spread(within.map(({ seconds }) => seconds));
        return found === undefined
            ? []
            : [{ upTo, n: found.n, p50: found.p50 ?? 0, p95: found.p95 ?? 0, max: found.max ?? 0 }];
    });
}

const what = ({ ironic: asked }: RunRecord): string => (asked.length === 0 ? " Ironic's latency is not recorded." : "");

/** g: how long kube-apiserver and Ironic took to answer, by the number of hosts. */
export function latencies(runs: readonly Run[]): Drawn {
    const points = runs.flatMap((run) => [...ironic(run), ...apiserver(run)]);
    if (points.length === 0) {
        return notRecorded("how long kube-apiserver and Ironic took to answer");
    }
    const names = [...Object.values(IRONIC), ...Object.values(APISERVER)].filter((name) =>
        points.some(({ series }) => series === name),
    );
    const groups = runs.flatMap((run) =>
        names.map((series) => ({
            run,
            series,
            rows: ranges(points.filter((each) => each.run === run && each.series === series)),
        })),
    );
    const objective = `objective of Kubernetes for writes and GETs: ${OBJECTIVES.mutating} s`;
    return {
        reading: runs
            .map((run) => {
                const own = groups.filter((each) => each.run === run && each.rows.length > 0);
                const most = Math.max(...own.flatMap(({ rows }) => rows.map(({ upTo }) => upTo)));
                const parts = own.map(({ series, rows }) => `${series}: ${formatted(rows.at(-1)?.p50, "s")}`);
                return own.length === 0
                    ? `${inRun(run)}nothing is recorded.`
                    : `${inRun(run)}with up to ${most} hosts the medians are ${parts.join("; ")}.${what(run.record)}`;
            })
            .join(" "),
        spec: {
            width: WIDTH,
            height: HEIGHT,
            layer: [
                {
                    data: {
                        values: points.map(({ run, series, hosts, seconds }): Row => ({
                            run: run.label,
                            series,
                            hosts,
                            seconds: Math.max(LEAST_SECONDS, seconds),
                        })),
                    },
                    mark: { type: "point", filled: true, size: 22, opacity: 0.8 },
                    encoding: {
                        x: { field: "hosts", type: "quantitative", title: "hosts" },
                        y: {
                            field: "seconds",
                            type: "quantitative",
                            scale: { type: "log" },
                            title: "seconds",
                            axis: { format: "~g" },
                        },
                        color: { ...(lines(names, []).color as object), legend: { columns: 2 } },
                        shape:
                            runs.length > 1
                                ? { field: "run", type: "nominal" }
                                : { field: "series", type: "nominal", scale: { domain: names } },
                    },
                },
                {
                    data: { values: [{ seconds: OBJECTIVES.mutating, text: objective }] },
                    encoding: { y: { field: "seconds", type: "quantitative" } },
                    layer: [
                        { mark: { type: "rule", color: COLOURS.ink, strokeDash: [4, 4] } },
                        {
                            mark: { type: "text", align: "left", baseline: "bottom", dy: -3 },
                            encoding: { x: { value: 4 }, text: { field: "text" } },
                        },
                    ],
                },
            ],
        },
        table: {
            columns: columns(runs, "answers", "hosts up to", "n", "p50", "p95", "max"),
            rows: groups.flatMap(({ run, series, rows }) =>
                rows.map(({ upTo, n, p50, p95, max }) =>
                    cells(runs, run, series, upTo, n, ...[p50, p95, max].map((each) => formatted(each, "s"))),
                ),
            ),
        },
    };
}
