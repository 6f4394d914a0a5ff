import { readFileSync } from "node:fs";
import { z } from "zod";
import { repoPath } from "../../toolchain/paths";
import type { SourceFile } from "./tree";

/*
 * Renovate's reading of .github/renovate.json, as far as the lab uses it. Renovate itself is no package of the lab: it
 * brings hundreds of others.
 */

const text = z.string().min(1);
const patterns = z.array(text).min(1);
const files = z.strictObject({ managerFilePatterns: patterns });

const managerSchema = z.strictObject({
    description: text,
    customType: z.literal("regex"),
    managerFilePatterns: patterns,
    /** Each finds versions by the group `currentValue`. */
    matchStrings: patterns,
    depNameTemplate: text.optional(),
    datasourceTemplate: z.enum(["go", "npm", "docker", "golang-version"]),
});

const ruleSchema = z.strictObject({
    description: text,
    matchManagers: patterns.optional(),
    matchDatasources: patterns.optional(),
    matchDepTypes: patterns.optional(),
    matchFileNames: patterns.optional(),
    matchPackageNames: patterns.optional(),
    matchUpdateTypes: z.array(z.enum(["major", "minor", "patch"])).optional(),
    groupName: text.optional(),
    enabled: z.literal(false).optional(),
    allowedVersions: text.optional(),
    versioning: text.optional(),
    constraintsFiltering: z.literal("none").optional(),
    dependencyDashboardApproval: z.boolean().optional(),
});

const schema = z.strictObject({
    $schema: z.literal("https://docs.renovatebot.com/renovate-schema.json"),
    description: patterns,
    extends: patterns,
    enabledManagers: patterns,
    schedule: patterns,
    labels: patterns,
    automerge: z.literal(false),
    rangeStrategy: z.literal("pin"),
    constraints: z.strictObject({ node: text }),
    constraintsFiltering: z.literal("strict"),
    postUpdateOptions: z.array(z.literal("gomodTidy")),
    lockFileMaintenance: z.strictObject({ enabled: z.literal(true), schedule: patterns }),
    "pip-compile": files,
    pip_requirements: files,
    customManagers: z.array(managerSchema).min(1),
    packageRules: z.array(ruleSchema).min(1),
});

/** .github/renovate.json. @throws ZodError where it has a key that nothing here checks */
export const renovate = schema.parse(JSON.parse(readFileSync(repoPath(".github", "renovate.json"), "utf8")));

/** A dependency, as a manager of Renovate's finds it. */
export interface Dependency {
    manager: string;
    datasource: string;
    name: string;
    path: string;
    depType?: string;
}

/** A version that a custom manager finds: the dependency, and where in its file the version begins and ends. */
export interface FoundVersion extends Dependency {
    version: string;
    span: [number, number];
}

/** Whether Renovate's pattern takes the name: `/…/` is a regular expression, anything else a glob. */
export function takes(pattern: string, name: string): boolean {
    if (pattern.startsWith("/") && pattern.endsWith("/")) {
        return new RegExp(pattern.slice(1, -1)).test(name);
    }
    const glob = pattern
        .replace(/[.+^$()|[\]\\]/g, "\\$&")
        .replace(/\{([^}]*)\}/g, (_, names: string) => `(${names.replaceAll(",", "|")})`)
        .replace(/\*\*|\*/g, (stars) => (stars === "**" ? ".*" : "[^/]*"));
    return new RegExp(`^${glob}$`).test(name);
}

/** All versions that one expression of a custom manager finds in a file. */
function matches(manager: z.infer<typeof managerSchema>, expression: string, file: SourceFile): FoundVersion[] {
    return [...file.text.matchAll(new RegExp(expression, "dg"))].map((match) => {
        const groups = match.groups ?? {};
        const span = match.indices?.groups?.["currentValue"];
        const template = manager.depNameTemplate ?? groups["depName"] ?? groups["packageName"];
        if (span === undefined || template === undefined) {
            throw new Error(`.github/renovate.json: ${expression} finds no version, or none of a named dependency`);
        }
        return {
            manager: "custom.regex",
            datasource: manager.datasourceTemplate,
            name: template.replace(/\{\{\{(\w+)\}\}\}/g, (_, group: string) => groups[group] ?? ""),
            path: file.path,
            version: groups["currentValue"] ?? "",
            span,
        };
    });
}

/** What each expression of the custom managers finds in the files, in the order of the configuration. */
export function expressions(sources: readonly SourceFile[]): { expression: string; found: FoundVersion[] }[] {
    return renovate.customManagers.flatMap((manager) =>
        manager.matchStrings.map((expression) => ({
            expression,
            found: sources
                .filter(({ path }) => manager.managerFilePatterns.some((pattern) => takes(pattern, path)))
                .flatMap((file) => matches(manager, expression, file)),
        })),
    );
}

/** What the rules say of a dependency's minor versions: a later rule overrides an earlier one. */
export function ruled(dependency: Dependency): Pick<z.infer<typeof ruleSchema>, "groupName" | "enabled"> & {
    dependencyDashboardApproval?: boolean | undefined;
} {
    const { manager, datasource, name, path, depType } = dependency;
    const meets = (wanted: readonly string[] | undefined, value: string | undefined): boolean =>
        wanted === undefined || (value !== undefined && wanted.some((pattern) => takes(pattern, value)));
    return renovate.packageRules
        .filter(
            (rule) =>
                meets(rule.matchManagers, manager) &&
                meets(rule.matchDatasources, datasource) &&
                meets(rule.matchDepTypes, depType) &&
                meets(rule.matchFileNames, path) &&
                meets(rule.matchPackageNames, name) &&
                meets(rule.matchUpdateTypes, "minor"),
        )
        .reduce((all, rule) => ({ ...all, ...rule }), {});
}
