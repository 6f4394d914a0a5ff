import type { LabConfig } from "../config/keys";
import { chosenVersions, isBelow, versionsOf, type VersionSets } from "../config/version-sets";
import type { LivingLab } from "./living-lab";
import { replaceLab, type ChangeProblem } from "./replace-lab";

/** The version of Ironic that a configuration chooses. Undefined: it names one that there is not. */
export function wantedIronic(config: Partial<LabConfig>, versions: VersionSets): string | undefined {
    const { ironic } = chosenVersions(config, versions);
    return versionsOf("ironic", versions)?.find((version) => version === ironic);
}

/** Ironic's database is migrated to each version by its conductors, and Ironic has no migrations back. */
export function ironicProblems(before: LivingLab, after: Partial<LabConfig>, versions: VersionSets): ChangeProblem[] {
    const { ironic: had } = before;
    const wanted = after.versions && wantedIronic(after, versions);
    if (had === undefined || wanted === undefined || !isBelow(wanted, had)) {
        return [];
    }
    const rule =
        `would be Ironic ${wanted}, below ${had}, which this lab has: Ironic migrates no database back. ` +
        `Leave it at ${had} or above (pulumi config set --path versions.ironic ${had}), or ${replaceLab(before)}`;
    return [{ key: after.versions?.["ironic"] === undefined ? "versionSet" : "versions", rule }];
}
