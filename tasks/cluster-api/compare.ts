import * as semver from "semver";
import type { InstalledProvider } from "./cluster";
import type { PreparedProvider } from "./clusterctl";

/** Providers by what is to be done with them. */
interface Compared {
    /** To be installed. */
    absent: PreparedProvider[];
    /** To be upgraded. */
    lower: PreparedProvider[];
    /** Installed in the version that is wanted. */
    there: PreparedProvider[];
}

/**
 * Holds what is wanted against what is installed.
 * @throws Error naming all that are installed in a higher version: Cluster API is upgraded only
 */
export function compareInstalled(
    prepared: readonly PreparedProvider[],
    installed: readonly InstalledProvider[],
): Compared {
    const compared: Compared = { absent: [], lower: [], there: [] };
    const higher: string[] = [];
    for (const each of prepared) {
        const { provider, version } = each;
        const found = installed.find(({ type, name }) => type === provider.type && name === provider.name);
        const order = found === undefined ? undefined : semver.compare(found.version, version);
        if (order === undefined) {
            compared.absent.push(each);
        } else if (order > 0) {
            higher.push(`${provider.label} ${found?.version} is installed, ${version} is wanted`);
        } else {
            compared[order < 0 ? "lower" : "there"].push(each);
        }
    }
    if (higher.length > 0) {
        throw new Error(
            `${higher.join("; ")}: stored objects have no way back. Choose the version that is installed or a higher ` +
                "one, or start a new management cluster",
        );
    }
    return compared;
}
