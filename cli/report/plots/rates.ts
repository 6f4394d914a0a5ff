import { moments } from "../figures/events";
import { formatted } from "../figures/format";
import { clustersBefore, hostsBefore } from "../figures/size";
import { hostGoal } from "../figures/throughput";
import { cells, columns, inRun, notRecorded, type Drawn, type Run } from "./plot";
import { HEIGHT, lines, WIDTH } from "./theme";

/** Into so many parts of equal number the objects are divided; fewer where there are few. */
const PARTS = 10;

interface Point {
    run: Run;
    series: string;
    inPlace: number;
    perMinute: number;
}

/**
 * The rate of each part of the objects, by how many were in place at its end.
 * @param existing how many were in place before the run
 */
function points(run: Run, series: string, done: readonly number[], existing: number): Point[] {
    const since = run.record.firstHost ?? 0;
    const parts = Math.min(PARTS, Math.floor(done.length / 2));
    const ends = Array.from({ length: parts }, (_, index) => Math.ceil((done.length * (index + 1)) / parts));
    return ends.map((count, index) => {
        const before = ends[index - 1] ?? 0;
        const from = before === 0 ? since : (done[before - 1] as number);
        const seconds = Math.max(1, (done[count - 1] as number) - from);
        return { run, series, inPlace: existing + count, perMinute: ((count - before) * 60) / seconds };
    });
}

function sentence(run: Run, series: string, all: readonly Point[]): string {
    const rates = all.filter((point) => point.run === run && point.series === series).map(({ perMinute }) => perMinute);
    const last = rates.at(-1);
    return last === undefined
        ? ""
        : `${inRun(run)}${series} went at ${formatted(Math.max(...rates), "/min")} at best, and the last of them at ` +
              `${formatted(last, "/min")}.`;
}

/** b: how fast hosts and clusters were done, by how many there were already. A line that falls is a lab that bends. */
export function throughput(runs: readonly Run[]): Drawn {
    const all = runs.flatMap((run) => [
        ...points(run, "hosts", moments(run.record, "hosts", hostGoal(run.record)), hostsBefore(run.record)),
        ...points(run, "clusters", moments(run.record, "clusters", "available"), clustersBefore(run.record)),
    ]);
    if (all.length === 0) {
        return notRecorded("when hosts and clusters were done");
    }
    const series = [...new Set(all.map((point) => point.series))];
    return {
        reading: runs
            .flatMap((run) => series.map((name) => sentence(run, name, all)))
            .filter(Boolean)
            .join(" "),
        spec: {
            width: WIDTH,
            height: HEIGHT,
            data: { values: all.map(({ run, ...point }) => ({ run: run.label, ...point })) },
            mark: { type: "line", point: { size: 40 } },
            encoding: {
                x: { field: "inPlace", type: "quantitative", title: "hosts or clusters in place" },
                y: { field: "perMinute", type: "quantitative", title: "done per minute" },
                ...lines(
                    series,
                    runs.map(({ label }) => label),
                ),
            },
        },
        table: {
            columns: columns(runs, "of", "in place", "per minute"),
            rows: all.map(({ run, series: name, inPlace, perMinute }) =>
                cells(runs, run, name, inPlace, perMinute.toFixed(1)),
            ),
        },
    };
}
