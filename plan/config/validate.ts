import { closest, distance } from "fastest-levenshtein";
import { addressProblems } from "../addresses";
import { hostsPerCluster } from "../sizes";
import { UserError } from "../user-error";
import { configSchema, keys, type LabConfig } from "./keys";

/** One thing wrong with the configuration: which key, what it holds, and the rule it breaks. */
export interface Problem {
    key: string;
    value: string;
    rule: string;
}

/** Every problem of the configuration and the machine in one message. */
export class ConfigurationError extends UserError {
    constructor(readonly problems: Problem[]) {
        super(
            [
                `The configuration cannot work (${problems.length} problem${problems.length === 1 ? "" : "s"}); nothing was made:`,
                ...problems.map(({ key, value, rule }) => `  ${key} = ${value}: ${rule}`),
            ].join("\n"),
        );
    }
}

/**
 * Judges the configuration as Pulumi holds it (every value a string).
 * @returns the typed configuration, defaults filled in.
 * @throws ConfigurationError with every problem found, those between keys included.
 */
export function judge(raw: Record<string, string>): LabConfig {
    const problems: Problem[] = [];
    const values: Record<string, unknown> = {};
    for (const [key, schema] of Object.entries(keys)) {
        const result = schema.safeParse(raw[key]);
        if (result.success) {
            values[key] = result.data;
            continue;
        }
        // The first broken rule of a value is the one to mend; the rest often follow from it.
        const issue = result.error.issues[0];
        const path = [key, ...(issue?.path ?? [])].join(".");
        problems.push({ key: path, value: shown(raw[key]), rule: issue?.message ?? "is not valid" });
    }
    for (const key of Object.keys(raw).filter((name) => !(name in keys))) {
        const near = closest(key, Object.keys(keys));
        const hint =
            distance(key, near) <= 3 ? `; did you mean ${near}?` : `; known keys: ${Object.keys(keys).join(", ")}`;
        problems.push({ key, value: shown(raw[key]), rule: `is not a key of this program${hint}` });
    }
    problems.push(...problemsBetweenKeys(values as Partial<LabConfig>, raw));
    if (problems.length > 0) {
        throw new ConfigurationError(problems);
    }
    return configSchema.parse(raw);
}

/** Rules that involve several keys. A key that is itself broken is absent from `values`, and its rules are skipped. */
function problemsBetweenKeys(values: Partial<LabConfig>, raw: Record<string, string>): Problem[] {
    const problems: Problem[] = [];
    const { nodes, clusters, controlPlaneNodes, workerNodes } = values;
    if (controlPlaneNodes !== undefined && workerNodes !== undefined && "hostsPerCluster" in values) {
        const machines = controlPlaneNodes + workerNodes;
        const each = hostsPerCluster({ controlPlaneNodes, workerNodes, hostsPerCluster: values.hostsPerCluster });
        if (each < machines) {
            problems.push({
                key: "hostsPerCluster",
                value: String(each),
                rule: `must be at least controlPlaneNodes + workerNodes = ${machines}`,
            });
        } else if (nodes !== undefined && clusters !== undefined && clusters * each > nodes) {
            problems.push({
                key: "nodes",
                value: String(nodes),
                rule: `${clusters} clusters of ${each} hosts each want ${clusters * each} hosts`,
            });
        }
    }
    problems.push(
        ...addressProblems(values).map((problem) => ({ ...problem, value: problem.value ?? shown(raw[problem.key]) })),
    );
    return problems;
}

const shown = (value: string | undefined): string => (value === undefined ? "(not set)" : JSON.stringify(value));
