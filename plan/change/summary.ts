import type { LabConfig } from "../config/keys";
import type { VersionSets } from "../config/version-sets";
import type { LabPlan } from "../plan";
import type { LivingLab } from "./living-lab";
import { partChanges, wantedParts } from "./part-version";

/**
 * A change of the lab in words, for the preview: what comes, what goes, what is rolled, and which part gets another
 * version.
 * @returns undefined where hosts, clusters, machines and versions stay as they are
 */
export function changeSummary(
    before: LivingLab,
    { hosts, clusters }: LabPlan,
    config: LabConfig,
    versions: VersionSets,
): string | undefined {
    const each = config.controlPlaneNodes + config.workerNodes;
    const wanted = clusters.map(({ name }) => name);
    const had = Object.values(before.clusters).reduce((sum, one) => sum + one.controlPlaneNodes + one.workerNodes, 0);
    const rolled = wanted.filter((name) => {
        const version = before.clusters[name]?.version;
        return version !== undefined && version !== config.kubernetesVersion;
    });
    const parts = [
        ...difference(
            "host",
            Object.keys(before.hosts),
            hosts.map(({ name }) => name),
        ),
        ...difference("cluster", Object.keys(before.clusters), wanted),
        ...signed(clusters.length * each - had, "machine"),
        ...(rolled.length === 0 ? [] : [`rolls ${counted(rolled.length, "cluster")} to ${config.kubernetesVersion}`]),
        ...partChanges(before.versions, wantedParts(config, versions)),
    ];
    if (parts.length === 0) {
        return undefined;
    }
    const rolls = rolled.length === 0 ? ["rolls nothing"] : [];
    return [...parts, ...rolls, "replaces no host and no cluster"].join("; ");
}

/** What comes and what goes, by name. */
function difference(what: string, before: readonly string[], after: readonly string[]): string[] {
    const without = (names: readonly string[], others: readonly string[]): string[] => {
        const known = new Set(others);
        return names.filter((name) => !known.has(name)).sort();
    };
    const named = (sign: string, names: readonly string[]): string[] =>
        names.length === 0
            ? []
            : [`${sign}${counted(names.length, what)} (${[...new Set([names[0], names.at(-1)])].join(" to ")})`];
    return [...named("+", without(after, before)), ...named("-", without(before, after))];
}

const signed = (count: number, what: string): string[] =>
    count === 0 ? [] : [`${count > 0 ? "+" : "-"}${counted(Math.abs(count), what)}`];

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
