import { closest, distance } from "fastest-levenshtein";
import { addressProblems } from "./addresses";
import type { LivingLab } from "./change/living-lab";
import { changeProblems } from "./change/problems";
import { defaultOf, keys, type Key, type LabConfig } from "./config/keys";
import { keysOfOtherSubstrates, ownRules } from "./config/substrate-rules";
import { versionProblems, type VersionSets } from "./config/version-sets";
import type { Problem } from "./problem";
import { UserError } from "./user-error";
import { withoutProblems } from "./without";

/** All problems of a configuration, or of the machine that it is meant for, in one message. */
export class ConfigurationError extends UserError {
    constructor(readonly problems: Problem[]) {
        super(
            [
                `The configuration cannot work (${problems.length} problem${problems.length === 1 ? "" : "s"}); ` +
                    "nothing was made:",
                ...problems.map(({ key, value, rule }) => `  ${key} = ${value}: ${rule}`),
            ].join("\n"),
        );
    }
}

/** Keys of earlier versions: why each is not there any more. */
const FORMER_KEYS: Record<string, string | undefined> = {
    hostsPerCluster:
        "is not needed any more: clusters get free hosts while the lab runs. " +
        "Set nodes as high as you want to grow, and remove this key (pulumi config rm hostsPerCluster)",
};

/** What the rules need to know beyond the configuration itself. */
export interface Known {
    /**
     * Names that `images.overrides` may have. Unset: the names are not checked, for plans from which nothing is made.
     */
    images?: readonly string[];
    /** Versions that the configuration can choose from. Unset: they are not checked either. */
    versions?: VersionSets;
    /** The lab that the stack has by now. Unset: the configuration is not held against one. */
    living?: LivingLab;
}

/**
 * Validates the configuration as Pulumi holds it: every value a string.
 * @returns the typed configuration, defaults filled in.
 * @throws ConfigurationError with every problem, those between keys included.
 */
export function validate(raw: Record<string, string>, known: Known = {}): LabConfig {
    const problems: Problem[] = [];
    const values: Record<string, unknown> = {};
    for (const key of Object.keys(keys) as Key[]) {
        const result = keys[key].schema.safeParse(raw[key] ?? defaultOf(key));
        if (result.success) {
            values[key] = result.data;
            continue;
        }
        // Only the first broken rule of a value, or of a part of it, is reported: the others often follow from it.
        const broken = new Map<string, Problem>();
        for (const { path, message } of result.error.issues) {
            const place = [key, ...path].join(".");
            broken.set(place, broken.get(place) ?? { key: place, value: shownAt(raw[key], path), rule: message });
        }
        problems.push(...broken.values());
    }
    for (const key of Object.keys(raw).filter((name) => !(name in keys))) {
        const rule =
            FORMER_KEYS[key] ?? `is not a key of this program${suggestion(key, Object.keys(keys), "known keys")}`;
        problems.push({ key, value: shown(raw[key]), rule });
    }
    const config = values as Partial<LabConfig>;
    const ofSubstrate = substrateProblems(config, raw);
    // What another substrate's key should be set back to does not matter: it must not be set at all.
    const isOfSubstrate = ({ key }: Problem): boolean => ofSubstrate.some((other) => other.key === key);
    problems.push(
        ...sizeProblems(config),
        ...imageProblems(config, known),
        ...withoutProblems(config),
        ...(known.versions === undefined ? [] : versionProblems(config, known.versions)),
        ...networkProblems(config, raw),
        ...ofSubstrate,
        ...livingLabProblems(config, raw, known).filter((problem) => !isOfSubstrate(problem)),
    );
    if (problems.length > 0) {
        throw new ConfigurationError(problems);
    }
    return config as LabConfig;
}

/**
 * A configuration without the keys that are wrong, in order to look at what it leads to although nothing will be made.
 * @returns undefined where the rest makes none either
 */
export function validRest(raw: Record<string, string>, problems: readonly Problem[]): LabConfig | undefined {
    const wrong = new Set(problems.map(({ key }) => keyOf(key)));
    try {
        return validate(Object.fromEntries(Object.entries(raw).filter(([key]) => !wrong.has(key))));
    } catch (error) {
        if (error instanceof ConfigurationError) {
            return undefined;
        }
        throw error;
    }
}

/** The key of a problem, which may name a part of the value: images.overrides.ironic. */
const keyOf = (place: string): string => place.split(".")[0] as string;

/** Problems of keys that have none yet: what follows from a key that is wrong is not worth telling. */
export const ofOtherKeys = (found: readonly Problem[], known: readonly Problem[]): Problem[] =>
    found.filter(({ key }) => !known.some((problem) => keyOf(problem.key) === keyOf(key)));

/**
 * Every machine needs a host. A key that is itself broken is absent, and the rule is skipped.
 */
function sizeProblems(config: Partial<LabConfig>): Problem[] {
    const { nodes, clusters, controlPlaneNodes, workerNodes } = config;
    if (nodes === undefined || clusters === undefined || controlPlaneNodes === undefined || workerNodes === undefined) {
        return [];
    }
    const each = controlPlaneNodes + workerNodes;
    if (clusters * each <= nodes) {
        return [];
    }
    const rule = `${clusters} clusters of ${each} machines want ${clusters * each} hosts`;
    return [{ key: "nodes", value: String(nodes), rule }];
}

/** An override of an image that the lab does not have would change nothing, silently. */
function imageProblems({ images }: Partial<LabConfig>, known: Known): Problem[] {
    const names = known.images;
    if (images === undefined || names === undefined) {
        return [];
    }
    return Object.entries(images.overrides)
        .filter(([name]) => !names.includes(name))
        .map(([name, reference]) => ({
            key: `images.overrides.${name}`,
            value: reference,
            rule: `is not an image of this lab${suggestion(name, names, "its images")}`,
        }));
}

/** Rules of the substrates. A key that says how another substrate is made would change nothing, silently. */
const substrateProblems = (config: Partial<LabConfig>, raw: Record<string, string>): Problem[] =>
    [
        ...keysOfOtherSubstrates(config, (key) => raw[key] !== undefined && raw[key] !== defaultOf(key)),
        ...ownRules(config),
    ].map(({ key, rule }) => ({ key, value: shown(raw[key]), rule }));

/** What the lab that is there cannot take. A value that follows from others is shown as not set. */
const livingLabProblems = (
    config: Partial<LabConfig>,
    raw: Record<string, string>,
    { living, versions }: Known,
): Problem[] =>
    living === undefined
        ? []
        : changeProblems(living, config, versions).map(({ key, rule }) => ({
              key,
              value: shown(raw[key] ?? defaultOf(key)),
              rule,
          }));

const networkProblems = (config: Partial<LabConfig>, raw: Record<string, string>): Problem[] =>
    addressProblems(config).map((problem) => ({ ...problem, value: problem.value ?? shown(raw[problem.key]) }));

/** The name that was probably meant, or all names there are. */
function suggestion(name: string, names: readonly string[], label: string): string {
    const near = closest(name, [...names]);
    return distance(name, near) <= 3 ? `; did you mean ${near}?` : `; ${label}: ${names.join(", ")}`;
}

const shown = (value: string | undefined): string => (value === undefined ? "(not set)" : JSON.stringify(value));

/** The part of a value at a path; the value itself where the path is empty. */
function shownAt(value: string | undefined, path: readonly PropertyKey[]): string {
    if (value === undefined || path.length === 0) {
        return shown(value);
    }
    // A rule of a part is looked at only where the value is JSON.
    const part = path.reduce<unknown>(
        (whole, name) => (whole as Record<PropertyKey, unknown>)[name],
        JSON.parse(value),
    );
    return part === undefined ? "(not set)" : JSON.stringify(part);
}
