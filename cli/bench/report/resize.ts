import type { ResizeRun } from "../file";
import { number, table } from "./table";

/** Most touched objects to name for each step. */
const NAMED_TOUCHED = 10;

/** All figures of one lab that was resized under load. */
export function resizeReport({ commit, steps, seconds, countsAtEnd }: ResizeRun): string[] {
    const { hosts, hostsProvisioned, clusters, clustersAvailable } = countsAtEnd;
    const rows = steps.map(({ from, to, countsBefore, up, changes, touched }) => [
        `${from.nodes}/${from.clusters} → ${to.nodes}/${to.clusters}`,
        `${countsBefore.hostsProvisioned}/${countsBefore.clustersAvailable}`,
        number(up.seconds),
        number(up.cpuSeconds, 1),
        ...["create", "update", "replace", "delete", "same"].map((operation) => changes[operation] ?? 0),
        touched.length,
    ]);
    const named = steps.flatMap(({ touched }) => touched.slice(0, NAMED_TOUCHED).map((what) => `  ${what}`));
    return [
        "",
        `resized under load (${commit}): after ${number(seconds)} s ` +
            `${hostsProvisioned} of ${hosts} hosts provisioned, ${clustersAvailable} of ${clusters} clusters Available`,
        table(
            [
                "hosts/clusters",
                "done before",
                "up s",
                "CPU-s",
                "created",
                "updated",
                "replaced",
                "deleted",
                "same",
                "touched",
            ],
            rows,
        ),
        ...(named.length > 0 ? ["touched, although they have a place in the new size:", ...named] : []),
    ];
}
