import type { Histogram } from "../../record/lines";

/** One line of Prometheus' text format. */
export interface Series {
    name: string;
    labels: Record<string, string>;
    value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/**
 * Reads Prometheus' text format.
 * @param wanted names to read: of the megabytes of kube-apiserver's metrics most lines are of no use here
 */
export function parseSeries(text: string, wanted: ReadonlySet<string>): Series[] {
    return text.split("\n").flatMap((line): Series[] => {
        if (!wanted.has(line.slice(0, /[{ ]|$/.exec(line)?.index))) {
            return [];
        }
        const [, name, labels = "", value] = LINE.exec(line) ?? [];
        if (name === undefined) {
            return [];
        }
        const pairs = [...labels.matchAll(LABEL)].map(([, label = "", text = ""]) => [label, text]);
        return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }];
    });
}

/** The sum of the series of a name. */
export const total = (all: readonly Series[], name: string): number =>
    all.reduce((sum, series) => (series.name === name ? sum + series.value : sum), 0);

/**
 * The histograms of the series `NAME_bucket`, added up by what `group` makes of their labels.
 * @param group undefined: the series does not count
 */
export function histograms(
    all: readonly Series[],
    name: string,
    group: (labels: Record<string, string>) => string | undefined,
): Record<string, Histogram> {
    const groups = new Map<string, Map<number, number>>();
    for (const { name: found, labels, value } of all) {
        const key = found === `${name}_bucket` ? group(labels) : undefined;
        if (key === undefined) {
            continue;
        }
        const counts = groups.get(key) ?? new Map<number, number>();
        const bound = labels["le"] === "+Inf" ? Infinity : Number(labels["le"]);
        groups.set(key, counts.set(bound, (counts.get(bound) ?? 0) + value));
    }
    return Object.fromEntries(
        [...groups].map(([key, counts]) => {
            const sorted = [...counts].sort(([a], [b]) => a - b);
            return [
                key,
                {
                    bounds: sorted.map(([bound]) => bound).filter((bound) => bound !== Infinity),
                    counts: sorted.map(([, count]) => count),
                },
            ];
        }),
    );
}

/** The histogram of all series of a name together; null: there are none. */
export const histogram = (all: readonly Series[], name: string): Histogram | null =>
    histograms(all, name, () => "all")["all"] ?? null;
