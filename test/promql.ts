import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { MetricNames } from "../plan/manifests/observability/scrape";
import { repoPath } from "../toolchain/paths";

const FOLDER = repoPath("metrics");

/** The recorded list of the metrics that there are, by job. */
export const recordedMetrics = (): MetricNames =>
    parse(readFileSync(join(FOLDER, "names.yaml"), "utf8")) as MetricNames;

/** An expression, and where it stands. */
interface Expression {
    place: string;
    expr: string;
    /** Name of the series that it makes. */
    record?: string;
}

const yamlFiles = (): string[] => readdirSync(join(FOLDER, "rules")).filter((name) => name.endsWith(".rules.yaml"));

/** The expressions of all rules. */
export const ruleExpressions = (): Expression[] =>
    yamlFiles().flatMap((file) => {
        const { groups } = parse(readFileSync(join(FOLDER, "rules", file), "utf8"));
        return groups.flatMap(({ rules }: { rules: { alert?: string; record?: string; expr: string }[] }) =>
            rules.map(({ alert, record, expr }) => ({ place: `${file}: ${alert ?? record}`, expr, record })),
        );
    });

/** The expressions of all dashboards. */
export const dashboardExpressions = (): Expression[] =>
    readdirSync(join(FOLDER, "dashboards")).flatMap((file) => {
        const { panels } = JSON.parse(readFileSync(join(FOLDER, "dashboards", file), "utf8"));
        return panels.flatMap(({ title, targets }: { title: string; targets: { expr: string }[] }) =>
            targets.map(({ expr }) => ({ place: `${file}: ${title}`, expr })),
        );
    });

/** Words of PromQL that are neither functions nor metrics. */
const WORDS = new Set(["and", "or", "unless", "bool", "offset", "inf", "nan"]);

/** The names of the metrics that an expression reads: what is left of it without labels, ranges and functions. */
export function metricsIn(expr: string): string[] {
    const bare = expr
        .replace(/"(?:[^"\\]|\\.)*"/g, '""')
        .replace(/\{[^}]*\}/g, "")
        .replace(/\[[^\]]*\]/g, "")
        .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, "");
    const names = [...bare.matchAll(/(?<![\w:.])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])/g)].map(([, name = ""]) => name);
    return [...new Set(names.filter((name) => !WORDS.has(name.toLowerCase())))];
}
