import { ASSUMED_NOISE, MEASURED_FROM } from "../bench/compare/verdict";
import { formatted } from "./figures/format";
import { statOf } from "./figures/stat";
import type { Report, ReportedRun } from "./report";

const valueOf = ({ figures }: ReportedRun, name: string): number | null =>
    statOf(figures.find((each) => each.name === name)?.measured ?? null, undefined);

/** The size of a run: "100 hosts and 100 clusters", or of a lab that grew: "50 more hosts and 0 more clusters". */
export function sizeOf({ hosts, clusters, existing }: Pick<ReportedRun, "hosts" | "clusters" | "existing">): string {
    return existing.hosts + existing.clusters === 0
        ? `${hosts} hosts and ${clusters} clusters`
        : `${hosts - existing.hosts} more hosts and ${clusters - existing.clusters} more clusters`;
}

/** How many limits hold: "4 PASS, 1 FAIL"; "" where there are none. */
export function limitCounts({ limits }: ReportedRun): string {
    const failed = limits.filter(({ verdict }) => verdict === "FAIL").length;
    return limits.length === 0 ? "" : `${limits.length - failed} PASS, ${failed} FAIL`;
}

/** What has become of a run, in a sentence. */
export function verdictLine(run: ReportedRun): string {
    const seconds = valueOf(run, "goal");
    const failed = valueOf(run, "failed");
    const counts = limitCounts(run);
    const reached =
        seconds !== null
            ? `all of ${sizeOf(run)} were where they should be after ${formatted(seconds, "s")}`
            : failed === null
              ? `${sizeOf(run)}: the run did not come to its end (${run.outcome})`
              : `${failed} objects of ${sizeOf(run)} are not where they should be`;
    return `${run.label === "" ? "" : `${run.label}: `}${reached}${counts === "" ? "" : `; limits: ${counts}`}.`;
}

/** The title of a report. */
export function titleOf({ runs }: Report): string {
    const [first] = runs as [ReportedRun, ...ReportedRun[]];
    const a = runs.filter(({ label }) => label === "A");
    const b = runs.filter(({ label }) => label === "B");
    return b.length === 0
        ? `A lab of ${sizeOf(first)}, ${first.commit}`
        : `A beside B: ${[...new Set([...a, ...b].map(sizeOf))].join(", ")}`;
}

const pairs = (values: Record<string, string>): string =>
    Object.entries(values)
        .map(([key, value]) => `${key}=${value}`)
        .join(", ") || "none";

/** What a lab had before a run, where it had anything. */
function hadBefore({ existing, hosts, clusters }: ReportedRun): [name: string, value: string][] {
    const { hosts: hostsBefore, clusters: clustersBefore } = existing;
    return hostsBefore + clustersBefore === 0
        ? []
        : [
              ["there before", `${hostsBefore} hosts and ${clustersBefore} clusters`],
              ["in the end", `${hosts} hosts and ${clusters} clusters`],
          ];
}

/** What a run was made of, to make another such run: name and value. */
export function factsOf(run: ReportedRun): [name: string, value: string][] {
    const { machine, calibrationMs } = run;
    return [
        ["began", run.began],
        ["outcome", run.outcome],
        ...hadBefore(run),
        ["versions", pairs(run.versions)],
        ["configuration", `tuning=${run.tuning}, ${pairs(run.settings)}`],
        ["commit", run.commit],
        ["machine", `${machine.cpus} × ${machine.model}, ${formatted(machine.memoryBytes, "B")}`],
        ["yardstick, before and after", `${calibrationMs.map((each) => each.toFixed(0)).join(" and ") || "–"} CPU-ms`],
        ["command", run.command],
    ];
}

/** How the noise of a comparison was found. */
export function noiseText({ runs }: Report): string {
    const [a, b] = (["A", "B"] as const).map((label) => runs.filter((run) => run.label === label).length);
    return (a ?? 0) >= MEASURED_FROM && (b ?? 0) >= MEASURED_FROM
        ? `Noise is measured from ${a} runs of A and ${b} of B: 99 of 100 times chance alone makes less.`
        : `Fewer than ${MEASURED_FROM} runs of a side: differences under ${100 * ASSUMED_NOISE} % mean nothing.`;
}
