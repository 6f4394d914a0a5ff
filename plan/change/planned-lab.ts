import type { LabConfig } from "../config/keys";
import type { VersionSets } from "../config/version-sets";
import { plan } from "../plan";
import type { LivingLab } from "./living-lab";
import { wantedParts } from "./part-version";

/**
 * The lab that a configuration makes, as if it were there: what a change of the configuration does to it can then be
 * said without a lab. Nothing is known of the machine, so no key counts as one that the lab keeps.
 * @param stack its name, without organisation and project
 */
export function plannedLab(stack: string, config: LabConfig, versions: VersionSets): LivingLab {
    const { hosts, clusters, conductors } = plan(config, stack);
    const parts = wantedParts(config, versions);
    // Without a host there is no pair.
    const pairParts = hosts.length === 0 ? ["sushyTools"] : [];
    const { kubernetesVersion: version, controlPlaneNodes, workerNodes } = config;
    return {
        stack,
        kept: {},
        identified: true,
        versions: Object.fromEntries(Object.entries(parts).filter(([part]) => !pairParts.includes(part))),
        conductors: conductors.length,
        hosts: Object.fromEntries(hosts.map(({ name, bmcAddress }) => [name, bmcAddress])),
        profiles: Object.fromEntries(hosts.map(({ name, profile }) => [name, profile])),
        bootModes: Object.fromEntries(hosts.map(({ name, bootMode }) => [name, bootMode])),
        clusters: Object.fromEntries(
            clusters.map(({ name, fakeApiServer }) => [
                name,
                { version, controlPlaneNodes, workerNodes, fakeApiServer },
            ]),
        ),
    };
}
