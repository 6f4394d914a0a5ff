import { z } from "zod";
import { GROUPS, isFamily, UNITS, type Group } from "./figures/definition";
import { DEFINITIONS } from "./figures/figures";
import { reportSchema } from "./report";

/** The list of figures in docs/report.md, between these two. */
const BEGIN = "<!-- Printed by `npm run docs` from cli/report/figures. Change those, not this list. -->";
const END = "<!-- The end of what is printed. -->";

const row = (definition: (typeof DEFINITIONS)[number]): string => {
    const { name, unit, meaning, isNumber = false } = definition;
    const shown = isFamily(definition) ? name.replace("*", "PART") : name;
    return `| \`${shown}\` | ${isNumber ? "one number" : "n, p50, p95, p99, max"} | ${UNITS[unit]} | ${meaning} |`;
};

/** The list of all figures, chapter by chapter. */
function figureList(): string {
    const groups = Object.entries(GROUPS) as [Group, string][];
    return groups
        .map(([group, title]) =>
            [
                `### ${title}`,
                "",
                "| figure | numbers | unit | meaning |",
                "| --- | --- | --- | --- |",
                ...DEFINITIONS.filter((each) => each.group === group).map(row),
            ].join("\n"),
        )
        .join("\n\n");
}

/** docs/report.md with the list of figures as it should be. */
export function reportDocument(current: string): string {
    const [before = "", rest = ""] = current.split(BEGIN);
    const after = rest.split(END)[1] ?? "";
    return `${before}${BEGIN}\n\n${figureList()}\n\n${END}${after}`;
}

/** The JSON schema of the JSON report. */
export const reportJsonSchema = (): string => `${JSON.stringify(z.toJSONSchema(reportSchema), undefined, 2)}\n`;
