import { disturbed } from "../compare/disturbed";
import { FIGURES } from "../compare/figures";
import { ASSUMED_NOISE, MEASURED_FROM, verdict } from "../compare/verdict";
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
            const [a, b] = [of("A"), of("B")];
            const why = disturbed(a, b);
            const title = `${name}, ${a.length} runs of A, ${b.length} of B`;
            return [title, sizeTable(a, b, why !== undefined), ...(why === undefined ? [] : [why])];
        }),
        "noise: the change that runs of the same lab show by chance (99 of 100 times less). " +
            `With fewer than ${MEASURED_FROM} runs of a side it is at least ${number(100 * ASSUMED_NOISE)} %, of a ` +
            `percentile and the yardstick at least what their own samples show: use --runs ${MEASURED_FROM}`,
    ];
}

/** @param isDisturbed the sides do not compare, so that a difference is none of the labs' */
function sizeTable(a: readonly RunResult[], b: readonly RunResult[], isDisturbed: boolean): string {
    const rows = FIGURES.flatMap(({ name, digits, of, noise: own = () => 0 }) => {
        const values = (runs: readonly RunResult[]): number[] => runs.map(of).filter((value) => value !== undefined);
        const found = verdict(values(a), values(b), Math.max(ASSUMED_NOISE, own(a, b)));
        if (found === undefined) {
            return [];
        }
        // A run that did not come to its end is no fast one.
        const missing = a.length + b.length - values(a).length - values(b).length;
        const compared = isDisturbed && found.says !== "no difference seen" ? "see below" : found.says;
        const says = missing === 0 ? compared : `${missing} of ${a.length + b.length} runs lack it`;
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
