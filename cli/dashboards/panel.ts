/** A query of a panel, and how its series are named: `{{part}}` stands for the label `part`. */
export interface Query {
    expr: string;
    legend: string;
}

/** A plot over time. */
export interface Panel {
    title: string;
    /** What a reader has to know besides. Default: the title says it all. */
    note?: string;
    /** Unit, by Grafana's name. */
    unit: "short" | "s" | "bytes" | "ops" | "percentunit" | "cores" | "Bps";
    queries: readonly Query[];
    /** Whether the series add up, and are drawn on top of each other. Default: they do not. */
    stacked?: boolean;
}

export interface Dashboard {
    /** Its file's name, and its identity in Grafana. */
    name: string;
    title: string;
    description: string;
    panels: readonly Panel[];
}

export const query = (legend: string, expr: string): Query => ({ legend, expr });

/** The bound below which 99 of 100 observations of the last five minutes lie, by a label or ("") of all together. */
export const p99 = (metric: string, by: string): string =>
    `histogram_quantile(0.99, sum by (${[...(by === "" ? [] : [by]), "le"].join(", ")}) (rate(${metric}_bucket[5m])))`;

/** The mean of a histogram's observations of the last five minutes. */
export const mean = (metric: string): string => `sum(rate(${metric}_sum[5m])) / sum(rate(${metric}_count[5m]))`;
