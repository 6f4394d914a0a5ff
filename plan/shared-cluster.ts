import type { LabConfig } from "./config/keys";
import type { Profile } from "./profiles";

/**
 * The profile without what would change a cluster that others use, unless its user asks for it: admission policies,
 * conditions of webhooks, versions of resources that are not served.
 */
export function withSharedCluster(
    profile: Profile,
    { substrate, clusterWideTuning }: { substrate: LabConfig["substrate"]; clusterWideTuning: boolean },
): Profile {
    if (substrate !== "existing" || clusterWideTuning) {
        return profile;
    }
    return {
        ...profile,
        firmwareSchemaOwners: true,
        bmcSecretLabels: true,
        deprecatedVersions: true,
        webhooksOnEveryUpdate: true,
        leaderElection: true,
    };
}
