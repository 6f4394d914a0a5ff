import type { Spec } from "./plot";

/**
 * Colours that stand in a drawing until it is in the page, where each is a variable of CSS: light, dark and print have
 * colours of their own.
 */
export const COLOURS = {
    ink: "#101112",
    faint: "#707172",
    grid: "#d0d1d2",
    shade: "#e0e1e2",
    paper: "#f0f1f2",
    s1: "#0072b2",
    s2: "#e69f00",
    s3: "#009e73",
    s4: "#d55e00",
    s5: "#56b4e9",
    s6: "#cc79a7",
    s7: "#f0e442",
    s8: "#8a8b8c",
} as const;

export type Colour = keyof typeof COLOURS;

/** The colours of series, in order: Okabe's and Ito's, which all can tell apart, and a grey. */
export const SERIES: readonly string[] = (["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"] as const).map(
    (name) => COLOURS[name],
);

/** Dashes beside colours, in the same order. */
export const DASHES: readonly number[][] = [
    [1, 0],
    [6, 3],
    [2, 2],
    [8, 3, 2, 3],
    [10, 4],
    [4, 4],
    [1, 3],
    [12, 3, 3, 3],
];

/** Width of a plot without its axes, pixels of the drawing. The page draws it as wide as there is room. */
export const WIDTH = 420;
export const HEIGHT = 230;

const axis = {
    labelColor: COLOURS.ink,
    titleColor: COLOURS.ink,
    domainColor: COLOURS.faint,
    tickColor: COLOURS.faint,
    gridColor: COLOURS.grid,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
    labelOverlap: true,
};

/** The looks of all plots. Marks bear no text for screen readers: sentence and table say it better. */
export const CONFIG: Spec = {
    aria: false,
    background: null,
    font: "system-ui, sans-serif",
    view: { stroke: null },
    title: { color: COLOURS.ink },
    axis,
    header: { labelColor: COLOURS.ink, titleColor: COLOURS.ink, labelFontSize: 12, title: null },
    legend: {
        labelColor: COLOURS.ink,
        titleColor: COLOURS.ink,
        labelFontSize: 12,
        orient: "bottom",
        columns: 3,
        title: null,
        labelLimit: 220,
        symbolStrokeWidth: 3,
        symbolSize: 110,
        symbolBaseFillColor: COLOURS.ink,
        symbolBaseStrokeColor: COLOURS.ink,
    },
    range: { category: SERIES },
    text: { color: COLOURS.ink, fontSize: 11 },
    rule: { color: COLOURS.faint },
    line: { strokeWidth: 2 },
};

/** The scale of a series' colours: each name has the colour of its place, whatever else there is. */
export const colourScale = (names: readonly string[]): Spec => ({
    domain: names,
    range: names.map((_, index) => SERIES[index % SERIES.length]),
});

export const dashScale = (names: readonly string[]): Spec => ({
    domain: names,
    range: names.map((_, index) => DASHES[index % DASHES.length]),
});

/** How lines are told apart: series by colour and dash, or by colour alone where the dash tells runs. */
export function lines(series: readonly string[], runs: readonly string[]): Spec {
    const colour = { field: "series", type: "nominal", scale: colourScale(series) };
    return {
        color: colour,
        strokeDash:
            runs.length > 1
                ? { field: "run", type: "nominal", scale: dashScale(runs) }
                : { field: "series", type: "nominal", scale: dashScale(series) },
    };
}

/** Side by side, where there are several runs. */
export const byRun = (spec: Spec, runs: readonly string[]): Spec =>
    runs.length > 1 ? { facet: { row: { field: "run", type: "nominal", sort: runs } }, spec } : spec;
