import type { BenchFile } from "../file";
import { pulumiTable, ratios, timeTable } from "./comparison";
import { deltas } from "./deltas";
import { resizeReport } from "./resize";
import { runReport } from "./run";
import { sizingMarkdown, sizingReport } from "./sizing";

/** All figures as text for a person. */
export function report(file: BenchFile): string {
    const { runs, resizes, sizing } = file;
    const comparison = runs.length > 0 ? ["", timeTable(runs), pulumiTable(runs), ...ratios(runs)] : [];
    return [
        ...runs.flatMap(runReport),
        ...comparison,
        ...resizes.flatMap(resizeReport),
        ...deltas(file),
        ...(sizing ? [...sizingReport(sizing), "", "as Markdown:", "", sizingMarkdown(sizing)] : []),
    ].join("\n");
}
