import * as semver from "semver";
import type { LabConfig } from "./keys";

/** A version of a part that a lab may have. */
export interface PartVersion {
    version: string;
    /** Reference of the image in which upstream publishes it. Undefined: it is only built here. */
    pull?: string | undefined;
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
    const { [defaultSet]: standard, [choice.versionSet ?? defaultSet]: set = standard } = sets;
    return { ...set, ...choice.versions };
}

/** Whether one version is below another. */
export const isBelow = (one: string, other: string): boolean => semver.lt(one, other);
