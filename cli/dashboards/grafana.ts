import type { Dashboard, Panel } from "./panel";

/** Grafana's grid has 24 columns. Two panels stand beside each other. */
const WIDTH = 12;
const HEIGHT = 8;

/** The variable by which a person chooses which of the Prometheus that Grafana knows is asked. */
const DATASOURCE = { type: "prometheus", uid: "${datasource}" };

/** Units of ours that Grafana shows as plain numbers with a word. */
const UNITS: Partial<Record<Panel["unit"], string>> = { cores: "suffix: cores" };

function panelOf(panel: Panel, index: number): object {
    const { title, note, unit, queries, stacked = false } = panel;
    return {
        id: index + 1,
        type: "timeseries",
        title,
        ...(note === undefined ? {} : { description: note }),
        datasource: DATASOURCE,
        gridPos: { x: (index % 2) * WIDTH, y: Math.floor(index / 2) * HEIGHT, w: WIDTH, h: HEIGHT },
        fieldConfig: {
            defaults: {
                unit: UNITS[unit] ?? unit,
                min: 0,
                custom: stacked
                    ? { fillOpacity: 30, showPoints: "never", stacking: { mode: "normal", group: "A" } }
                    : { showPoints: "never" },
            },
            overrides: [],
        },
        options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
        targets: queries.map(({ expr, legend }, place) => ({
            refId: String.fromCharCode("A".charCodeAt(0) + place),
            datasource: DATASOURCE,
            expr,
            legendFormat: legend,
        })),
    };
}

/** The JSON that Grafana imports. */
export function grafanaDashboard({ name, title, description, panels }: Dashboard): string {
    return JSON.stringify({
        uid: `metal3-scale-lab-${name}`,
        title,
        description,
        tags: ["metal3-scale-lab"],
        schemaVersion: 39,
        editable: true,
        refresh: "30s",
        time: { from: "now-1h", to: "now" },
        templating: {
            list: [{ name: "datasource", label: "Prometheus", type: "datasource", query: "prometheus", hide: 0 }],
        },
        panels: panels.map(panelOf),
    });
}
