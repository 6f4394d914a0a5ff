import * as semver from "semver";
import type { LabConfig } from "../config/keys";
import { chosenVersions, versionsOf, type VersionSets } from "../config/version-sets";
import type { LivingLab } from "./living-lab";
import { replaceLab, type ChangeProblem } from "./replace-lab";

/** The version of Ironic that a configuration chooses. Undefined: it names a set or a version that there is not. */
export function wantedIronic(
    config: Pick<LabConfig, "versionSet" | "versions">,
    versions: VersionSets,
): string | undefined {
    if (!Object.hasOwn(versions.sets, config.versionSet ?? versions.defaultSet)) {
        return undefined;
    }
    const { ironic } = chosenVersions(config, versions);
    return versionsOf("ironic", versions)?.find((version) => version === ironic);
}

/** Ironic's database is migrated to each version by its conductors, and Ironic has no migrations back. */
export function ironicProblems(before: LivingLab, after: Partial<LabConfig>, versions: VersionSets): ChangeProblem[] {
    const { ironic: had } = before;
    const { versionSet, versions: single } = after;
    // A value that is itself broken is absent, and has a problem already.
    const wanted = "versionSet" in after && single && wantedIronic({ versionSet, versions: single }, versions);
    if (had === undefined || !wanted || !semver.lt(wanted, had)) {
        return [];
    }
    const rule =
        `would be Ironic ${wanted}, below ${had}, which this lab has: Ironic migrates no database back. ` +
        `Leave it at ${had} or above (pulumi config set --path versions.ironic ${had}), or ${replaceLab(before)}`;
    return [{ key: single?.["ironic"] === undefined ? "versionSet" : "versions", rule }];
}
