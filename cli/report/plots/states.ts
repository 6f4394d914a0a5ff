import { countBy } from "../../../lib/count-by";
import type { RunRecord } from "../../record/record";
import { moments } from "../figures/events";
import { clustersBefore, hostsBefore, newClusters, newHosts } from "../figures/size";
import { hostGoal } from "../figures/throughput";
import { cells, columns, inRun, notRecorded, thinned, type Drawn, type Row, type Run } from "./plot";
import { byRun, COLOURS, colourScale, HEIGHT, WIDTH } from "./theme";

/** States of hosts as they follow each other; a lab may have others, which come after them. */
const STATES = ["queued", "new", "registering", "inspecting", "preparing", "available", "provisioning", "provisioned"];
/** Most points of a time series that are drawn, and rows that its table has. */
const POINTS = 240;
const ROWS = 12;

interface Moment {
    t: number;
    hosts: Record<string, number>;
    clustersAvailable: number;
}

/** Events of a host, and the state that begins with each. */
const BEGINS: readonly (readonly [event: string, state: string])[] = [
    ["queued", "queued"],
    ["created", "new"],
    ["registerStart", "registering"],
    ["inspectStart", "inspecting"],
    ["enrolled", "preparing"],
    ["available", "available"],
    ["provisionStart", "provisioning"],
    ["firstProvisioned", "provisioned"],
];

/** The states over time as the events of the objects tell them, for a run that has not sampled them. */
function fromEvents(record: RunRecord): Moment[] {
    const { hosts } = record.objects;
    const available = moments(record, "clusters", "available");
    const times = [...new Set(hosts.flatMap(({ events }) => Object.values(events)).concat(available))].sort(
        (a, b) => a - b,
    );
    return thinned(times, POINTS).map((t) => {
        const states = hosts.flatMap(
            ({ events }) => BEGINS.filter(([event]) => (events[event] ?? Infinity) <= t).at(-1)?.[1] ?? [],
        );
        return {
            t,
            hosts: Object.fromEntries(countBy(states)),
            clustersAvailable: available.filter((at) => at <= t).length,
        };
    });
}

function momentsOf(record: RunRecord): Moment[] {
    const sampled = record.fleet.filter(({ hosts }) => Object.keys(hosts).length > 0);
    return sampled.length < 3
        ? fromEvents(record)
        : thinned(sampled, POINTS).map(({ t, hosts, clusters }) => ({
              t,
              hosts,
              clustersAvailable: clusters["Available"] ?? 0,
          }));
}

/** Least part of a run for a phase whose name stands above it. Above a shorter one it would lie over the next name. */
const NAMED_SHARE = 0.3;

/** Phases of a run: each ends when the last object has reached something. */
function phases(run: Run, since: number): Row[] {
    const { record } = run;
    const ends: [string, number | undefined][] = [
        ["until all available", moments(record, "hosts", "available").at(-1)],
        ["until all provisioned", moments(record, "hosts", "firstProvisioned").at(-1)],
        ["until all Available", moments(record, "clusters", "available").at(-1)],
    ];
    const whole = Math.max(...ends.map(([, to]) => to ?? since)) - since;
    let from = since;
    return ends.flatMap(([phase, to], index) => {
        if (to === undefined || to <= from) {
            return [];
        }
        const name = to - from >= NAMED_SHARE * whole ? phase : "";
        const row = { run: run.label, phase: name, from: (from - since) / 60, to: (to - since) / 60, order: index };
        from = to;
        return [row];
    });
}

/** How many of all that came with a run: "19 of 20", or "19 of 20 more" where others were there before. */
const share = (done: readonly number[], came: number, before: number): string =>
    `${done.length} of ${came}${before > 0 ? " more" : ""}`;

function sentence(run: Run, since: number): string {
    const { record } = run;
    const at = (moment: number): string => `${Math.round(moment - since)} s`;
    const goal = hostGoal(record);
    const hosts = moments(record, "hosts", goal);
    const clusters = moments(record, "clusters", "available");
    const [lastHost, lastCluster] = [hosts.at(-1), clusters.at(-1)];
    const word = goal === "available" ? "available" : "provisioned";
    const parts = [
        ...(lastHost === undefined
            ? []
            : [`${share(hosts, newHosts(record), hostsBefore(record))} hosts were ${word} after ${at(lastHost)}`]),
        ...(lastCluster === undefined
            ? []
            : [
                  `${share(clusters, newClusters(record), clustersBefore(record))} clusters were Available after ` +
                      at(lastCluster),
              ]),
    ];
    return `${inRun(run)}${parts.length === 0 ? "nothing was done when the record ends" : parts.join(", and ")}.`;
}

/** a: how many hosts were in which state, and how many clusters Available, over time. */
export function states(runs: readonly Run[]): Drawn {
    const series = runs.map((run) => {
        const all = momentsOf(run.record);
        return { run, all, since: run.record.firstHost ?? all[0]?.t ?? 0 };
    });
    if (series.every(({ all }) => all.length === 0)) {
        return notRecorded("the states of hosts");
    }
    const seen = new Set(series.flatMap(({ all }) => all.flatMap(({ hosts }) => Object.keys(hosts))));
    const names = [...STATES.filter((state) => seen.has(state)), ...[...seen].filter((s) => !STATES.includes(s))];
    const values = series.flatMap(({ run, all, since }) =>
        all.flatMap(({ t, hosts }): Row[] =>
            names.map((state, order) => ({
                run: run.label,
                minutes: (t - since) / 60,
                state,
                order,
                hosts: hosts[state] ?? 0,
            })),
        ),
    );
    const clusters = series.flatMap(({ run, all, since }) =>
        all.map(({ t, clustersAvailable }): Row => ({
            run: run.label,
            minutes: (t - since) / 60,
            clusters: clustersAvailable,
        })),
    );
    const hasClusters = clusters.some(({ clusters: count }) => Number(count) > 0);
    const labels = runs.map(({ label }) => label);
    const x = { field: "minutes", type: "quantitative", title: "minutes from the first host", scale: { nice: false } };
    const layer = [
        {
            transform: [{ filter: "datum.kind === 'state'" }],
            mark: { type: "area", opacity: 0.9, stroke: COLOURS.paper, strokeWidth: 0.5 },
            encoding: {
                x,
                y: { field: "hosts", type: "quantitative", stack: "zero", title: "hosts, clusters" },
                color: { field: "state", type: "nominal", scale: colourScale(names) },
                order: { field: "order", type: "quantitative" },
            },
        },
        {
            transform: [{ filter: "datum.kind === 'phase' && datum.order % 2 === 0" }],
            mark: { type: "rect", color: COLOURS.ink, opacity: 0.1 },
            encoding: { x: { field: "from", type: "quantitative" }, x2: { field: "to" } },
        },
        ...(hasClusters
            ? [
                  {
                      transform: [{ filter: "datum.kind === 'clusters'" }],
                      mark: { type: "line", color: COLOURS.ink, strokeWidth: 2.5, strokeDash: [6, 3] },
                      encoding: { x, y: { field: "clusters", type: "quantitative" } },
                  },
              ]
            : []),
        {
            transform: [{ filter: "datum.kind === 'phase'" }],
            mark: { type: "text", align: "left", baseline: "bottom", dx: 2, dy: -2 },
            encoding: { x: { field: "from", type: "quantitative" }, y: { value: 0 }, text: { field: "phase" } },
        },
    ];
    const data = [
        ...values.map((row) => ({ ...row, kind: "state" })),
        ...clusters.map((row) => ({ ...row, kind: "clusters" })),
        ...series.flatMap(({ run, since }) => phases(run, since)).map((row) => ({ ...row, kind: "phase" })),
    ];
    const dashed = hasClusters ? " The dashed line is the clusters that are Available." : "";
    return {
        reading: series.map(({ run, since }) => sentence(run, since)).join(" ") + dashed,
        spec: { data: { values: data }, ...byRun({ width: WIDTH, height: HEIGHT, layer }, labels) },
        table: {
            columns: columns(runs, "minutes", ...names, "clusters Available"),
            rows: series.flatMap(({ run, all, since }) =>
                thinned(all, ROWS).map(({ t, hosts, clustersAvailable }) =>
                    cells(
                        runs,
                        run,
                        ((t - since) / 60).toFixed(1),
                        ...names.map((state) => hosts[state] ?? 0),
                        clustersAvailable,
                    ),
                ),
            ),
        },
    };
}
