import { FIGURES } from "../compare/figures";
import { noiseOfP95 } from "../compare/sampled-noise";
import { ASSUMED_NOISE, verdict } from "../compare/verdict";
import type { BenchFile, RunResult } from "../file";
import { number, table } from "./table";

const percent = (share: number): string => `${share > 0 ? "+" : ""}${number(100 * share, 1)} %`;

/** A table for each size: what B is beside A, and whether that is more than noise. */
export function deltas({ sides, runs }: Pick<BenchFile, "sides" | "runs">): string[] {
    if (sides === undefined) {
        return [];
    }
    const sizes = new Map(runs.map(({ nodes, clusters }) => [`${nodes}/${clusters}`, { nodes, clusters }]));
    return [
        "",
        `A: ${sides.A}`,
        `B: ${sides.B}`,
        ...[...sizes].flatMap(([name, size]) => {
            const of = (side: "A" | "B"): RunResult[] =>
                runs.filter((run) => run.side === side && run.nodes === size.nodes && run.clusters === size.clusters);
            return [`${name}, ${of("A").length} runs of A, ${of("B").length} of B`, sizeTable(of("A"), of("B"))];
        }),
        "noise: the change that runs of the same lab show by chance (99 of 100 times less). " +
            `With one run of a side it is taken for ${number(100 * ASSUMED_NOISE)} %, and for percentiles of samples ` +
            "for at least what drawing other samples of that run would change: use --runs 3",
    ];
}

function sizeTable(a: readonly RunResult[], b: readonly RunResult[]): string {
    const rows = FIGURES.flatMap(({ name, digits, of, samples = () => [] }) => {
        const values = (runs: readonly RunResult[]): number[] => runs.map(of).filter((value) => value !== undefined);
        const sampled = noiseOfP95(a.flatMap(samples), b.flatMap(samples));
        const found = verdict(values(a), values(b), Math.max(ASSUMED_NOISE, sampled));
        if (found === undefined) {
            return [];
        }
        // A run that did not come to its end is no fast one.
        const missing = a.length + b.length - values(a).length - values(b).length;
        const says = missing === 0 ? found.says : `${missing} of ${a.length + b.length} runs lack it`;
        const { change, noise } = found;
        return [
            [
                name,
                number(found.a, digits),
                number(found.b, digits),
                percent(change),
                `± ${number(100 * noise, 1)} %`,
                says,
            ],
        ];
    });
    return table(["figure", "A", "B", "B beside A", "noise", "B is"], rows);
}
