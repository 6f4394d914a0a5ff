import type { Problem } from "../problem";
import type { LabConfig } from "./keys";

/** A version of a part that a lab may have. */
export interface PartVersion {
    version: string;
    /** Names of its images that upstream publishes in other versions, and not in this one: it is only built here. */
    unpublished: readonly string[];
    /** Names of its images that nothing builds here in this version: it is only pulled. */
    unbuilt: readonly string[];
}

/** The versions that there are: the data of toolchain/images/images.yaml. */
export interface VersionSets {
    /** Name of the set that a lab has where its configuration says nothing. */
    defaultSet: string;
    /** Version of each part, by the name of the set. */
    sets: Readonly<Record<string, Readonly<Record<string, string>>>>;
    /** Versions of each part, the oldest first. */
    parts: Readonly<Record<string, readonly PartVersion[]>>;
}

/** The keys that choose versions. */
type Choice = Pick<LabConfig, "versionSet" | "versions">;

/**
 * The version of each part that a configuration chooses: that of `versions`, else that of its set. A name that there is
 * not counts as unset: whoever makes a lab has it refused before.
 */
export function chosenVersions(choice: Partial<Choice>, { defaultSet, sets }: VersionSets): Record<string, string> {
    const { versionSet: set = defaultSet, versions } = choice;
    return { ...sets[Object.hasOwn(sets, set) ? set : defaultSet], ...versions };
}

/** Versions of a part, the oldest first. Undefined: there is no such part. */
export const versionsOf = (part: string, { parts }: VersionSets): string[] | undefined =>
    Object.hasOwn(parts, part) ? parts[part]?.map(({ version }) => version) : undefined;

/** Versions that the configuration names and that there are not, and one that cannot come from where it is to. */
export function versionProblems(config: Partial<LabConfig>, known: VersionSets): Problem[] {
    const { versionSet: set, versions = {} } = config;
    const unknownSet: Problem[] =
        set === undefined || Object.hasOwn(known.sets, set)
            ? []
            : [problem("versionSet", set, `is no set of versions: there are ${Object.keys(known.sets).join(", ")}`)];
    const unknown = Object.entries(versions).flatMap(([part, version]) => {
        const there = versionsOf(part, known);
        const names = Object.keys(known.parts).join(", ");
        const rule =
            there === undefined
                ? `is no part whose version can be chosen: those are ${names}`
                : `is no version that the lab has: there are ${there.join(", ")}`;
        return there?.includes(version) ? [] : [problem(`versions.${part}`, version, rule)];
    });
    const wrong = [...unknownSet, ...unknown];
    return wrong.length > 0 ? wrong : [...sourceProblems(config, known), ...kubernetesProblems(config)];
}

/** Why the lab does not choose the version of Kubernetes there. */
const GIVEN_KUBERNETES: Partial<Record<LabConfig["substrate"], string>> = {
    existing: "the cluster is yours, and so is its Kubernetes",
    minikube: "minikube's machine has the Kubernetes of its own image",
};

/** Whether the lab chooses the Kubernetes of its management cluster. @param substrate undefined: it is not known */
export const choosesKubernetes = (substrate: LabConfig["substrate"] | undefined): boolean =>
    substrate !== undefined && !(substrate in GIVEN_KUBERNETES);

/** Only the lab's own nodes have a Kubernetes of the lab's choice. */
function kubernetesProblems({ substrate, versions }: Partial<LabConfig>): Problem[] {
    const version = versions?.["kubernetes"];
    const given = substrate && GIVEN_KUBERNETES[substrate];
    const rule =
        `chooses the Kubernetes of the substrate embedded, but the substrate is ${substrate}: ${given}. ` +
        "Remove it (pulumi config rm --path versions.kubernetes)";
    return version === undefined || given === undefined ? [] : [problem("versions.kubernetes", version, rule)];
}

/** Versions that cannot come from where images are to: what is only built here, or only pulled. */
function sourceProblems({ images, versionSet, versions }: Partial<LabConfig>, known: VersionSets): Problem[] {
    if (images === undefined || images.source === "auto" || versions === undefined) {
        return [];
    }
    const { source, overrides } = images;
    const lacks = ({ unpublished, unbuilt }: PartVersion): boolean =>
        (source === "pull" ? unpublished : unbuilt).some((name) => !(name in overrides));
    const chosen = Object.entries(chosenVersions({ versionSet, versions }, known));
    return chosen.flatMap(([part, version]) => {
        const all = known.parts[part] ?? [];
        if (!all.some((each) => each.version === version && lacks(each))) {
            return [];
        }
        const others = all.filter((each) => !lacks(each)).map((each) => each.version);
        const rule =
            source === "pull"
                ? `upstream publishes no image of ${part} ${version}, and images.source is pull: set that to auto or ` +
                  `build, or choose one of ${others.join(", ")}`
                : `nothing builds ${part} ${version} here, and images.source is build: set that to auto or pull, or ` +
                  `choose one of ${others.join(", ")}`;
        return [
            part in versions ? problem(`versions.${part}`, version, rule) : problem("versionSet", versionSet, rule),
        ];
    });
}

const problem = (key: string, value: string | undefined, rule: string): Problem => ({
    key,
    value: value === undefined ? "(not set)" : JSON.stringify(value),
    rule,
});
