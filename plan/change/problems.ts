import * as semver from "semver";
import { parseNetwork } from "../addresses";
import type { LabConfig } from "../config/keys";
import { allKubernetesVersions } from "../config/kubernetes-versions";
import { SPARE_HOSTS_TO_ROLL } from "../config/limits";
import type { VersionSets } from "../config/version-sets";
import { clusterName, defaultApiPort, hostName, NAMESPACE } from "../identities";
import { pairRange } from "../pairs";
import { byServices, fakeNodesOf, onProvisioningNetwork, type Reach } from "../reach";
import { fakeApiServerOf, needsSpareHosts, spareHosts } from "../sizes";
import type { KeptKey } from "../substrate/living";
import { bmcProblems } from "./bmc";
import { profileProblems } from "./host-profiles";
import type { LivingLab } from "./living-lab";
import { partProblems } from "./part-version";
import { keptRule, replaceLab, type ChangeProblem } from "./replace-lab";

/** The versions that the ClusterClass lists. Cluster API refuses a class without that of one of its clusters. */
const LISTED = new Set(allKubernetesVersions());

/**
 * Everything in a configuration that the lab which is there cannot take. Keys that are absent are skipped.
 * @param before the lab as it is
 * @param after the validated configuration that it is to have
 * @param versions those that it chooses from. Undefined: the versions of parts are not looked at
 */
export const changeProblems = (
    before: LivingLab,
    after: Partial<LabConfig>,
    versions?: VersionSets,
): ChangeProblem[] => [
    ...keptProblems(before, after),
    ...fakeNodeProblems(before, after),
    ...fakeApiServerProblems(before, after),
    ...pairProblems(before, after),
    ...profileProblems(before, after),
    ...bmcProblems(before, after),
    ...portProblems(before, after),
    ...versionProblems(before, after),
    ...(versions === undefined ? [] : partProblems(before, after, versions)),
];

/** Keys that a lab keeps as long as it lives: another value would be another lab. */
function keptProblems(before: LivingLab, after: Partial<LabConfig>): ChangeProblem[] {
    const { kept } = before;
    // Of another substrate, the keys that say how it is made mean nothing yet.
    const another = after.substrate !== undefined && kept.substrate !== undefined && after.substrate !== kept.substrate;
    return (Object.entries(kept) as [KeptKey, string][])
        .filter(([key]) => !another || key === "substrate")
        .filter(([key, value]) => after[key] !== undefined && String(after[key]) !== value)
        .map(([key, value]) => ({ key, rule: keptRule(key, value, before) }));
}

/** BMO takes no other BMC address for a host that is there, so each has to stay with its pair. */
function pairProblems(before: LivingLab, after: Partial<LabConfig>): ChangeProblem[] {
    const { hosts, stack } = before;
    const reach = livingReach(before);
    if (after.nodes === undefined || !("nodesPerPair" in after) || reach === undefined) {
        return [];
    }
    const moved: string[] = [];
    for (let pair = 0; pairRange(pair, after.nodesPerPair).first < after.nodes; pair++) {
        const { first, count } = pairRange(pair, after.nodesPerPair);
        for (let index = first; index < Math.min(first + count, after.nodes); index++) {
            const address = hosts[hostName(index)];
            // A pair beyond the network is another problem, and hosts that have it move in any case.
            if (address !== undefined && new URL(address).hostname !== sushyTools(reach, pair)) {
                moved.push(hostName(index));
            }
        }
    }
    if (moved.length === 0) {
        return [];
    }
    const which = moved.length === 1 ? String(moved[0]) : `${moved.length} hosts, from ${moved[0]} to ${moved.at(-1)},`;
    const rule =
        `${which} would move to another pair, and BMO refuses another BMC address for a host that is there: ` +
        `set it back, lower nodes to ${Number(moved[0]?.split("-").at(-1))} or less first, or ${replaceLab({ stack })}`;
    return [{ key: "nodesPerPair", rule }];
}

/** Whether the pairs of a lab are pods behind Services, by the BMC address of one of its hosts. */
const isInCluster = ([address]: string[]): boolean =>
    address !== undefined && new URL(address).hostname.endsWith(".svc");

/** How the pairs of a lab that is there are reached. Undefined: its state does not say. */
function livingReach({ kept, hosts }: LivingLab): Reach | undefined {
    if (isInCluster(Object.values(hosts))) {
        return byServices(kept.namespace ?? NAMESPACE);
    }
    return kept.provisioningCidr === undefined
        ? undefined
        : onProvisioningNetwork(parseNetwork(kept.provisioningCidr), "");
}

/** Pairs that move into the cluster, or out of it, give every host another BMC address. */
function fakeNodeProblems(before: LivingLab, after: Partial<LabConfig>): ChangeProblem[] {
    const addresses = Object.values(before.hosts);
    const { substrate, fakeNodes } = after;
    if (addresses.length === 0 || substrate === undefined || substrate !== before.kept.substrate) {
        return [];
    }
    const value = isInCluster(addresses) ? "kubernetes" : "docker";
    return fakeNodesOf({ substrate, fakeNodes }) === value
        ? []
        : [{ key: "fakeNodes", rule: keptRule("fakeNodes", value, before) }];
}

/**
 * Where Services are reached from within the cluster alone, a cluster has the address of the Service of its fake API
 * server, and Cluster API changes no address.
 */
function fakeApiServerProblems(before: LivingLab, after: Partial<LabConfig>): ChangeProblem[] {
    const { clusters, substrate } = after;
    if (before.kept.substrate !== "existing" || substrate !== "existing" || clusters === undefined) {
        return [];
    }
    const moved = Array.from({ length: clusters }, (_, index) => index).filter((index) => {
        const server = before.clusters[clusterName(index)]?.fakeApiServer;
        return server !== undefined && server !== fakeApiServerOf(index, after.fakeApiServers);
    });
    const rule =
        `${moved.length} clusters, of which the first is ${clusterName(moved[0] ?? 0)}, would be served at another ` +
        `address, and Cluster API changes none: set it back, or ${replaceLab(before)}`;
    return moved.length === 0 ? [] : [{ key: "fakeApiServers", rule }];
}

function sushyTools(reach: Reach, pair: number): string | undefined {
    try {
        return reach.pairHosts(pair).sushyTools;
    } catch (error) {
        if (error instanceof RangeError) {
            return undefined;
        }
        throw error;
    }
}

/** Pulumi knows the cluster of an old lab by its port, and would replace every object in it. */
function portProblems({ apiPort, identified, kept, stack }: LivingLab, after: Partial<LabConfig>): ChangeProblem[] {
    if (apiPort === undefined || identified || !("apiPort" in after) || after.substrate !== kept.substrate) {
        return [];
    }
    if ((after.apiPort ?? defaultApiPort(stack)) === apiPort) {
        return [];
    }
    const rule =
        `this lab has ${apiPort}, and an earlier version made it: bring it up once with that port ` +
        `(pulumi config set apiPort ${apiPort}, then pulumi up), and change it after that`;
    return [{ key: "apiPort", rule }];
}

/**
 * Rules of Cluster API for the version of clusters that are there. It steps through minor versions by itself, but only
 * through those that the ClusterClass lists.
 */
function versionProblems(before: LivingLab, after: Partial<LabConfig>): ChangeProblem[] {
    const { kubernetesVersion: wanted, clusters } = after;
    const key = "kubernetesVersion";
    const unlisted = Object.values(before.clusters).find(({ version }) => !LISTED.has(version));
    if (unlisted !== undefined) {
        const rule = `clusters of this lab have ${unlisted.version}, which the ClusterClass does not list: `;
        return [{ key, rule: rule + replaceLab(before) }];
    }
    if (wanted === undefined || clusters === undefined) {
        return [];
    }
    const versions = Array.from({ length: clusters }, (_, index) => before.clusters[clusterName(index)]?.version)
        .filter((version) => version !== undefined)
        .sort(semver.compare);
    const highest = versions.at(-1);
    if (highest === undefined || versions.every((version) => version === wanted)) {
        return [];
    }
    if (semver.lt(wanted, highest)) {
        const rule =
            `must not be below ${highest}, which clusters of this lab have: Cluster API lowers no version. ` +
            `Leave it there, or ${replaceLab(before)}`;
        return [{ key, rule }];
    }
    return spareHostProblems(after);
}

/** Where Cluster API rolls a machine by making its successor first, that needs a host of its own meanwhile. */
function spareHostProblems(after: Partial<LabConfig>): ChangeProblem[] {
    const { nodes, clusters, controlPlaneNodes, workerNodes } = after;
    if (nodes === undefined || clusters === undefined || controlPlaneNodes === undefined || workerNodes === undefined) {
        return [];
    }
    const sizes = { nodes, clusters, controlPlaneNodes, workerNodes };
    const spare = spareHosts(sizes);
    // With fewer hosts than machines there is another problem, which says so.
    if (!needsSpareHosts(sizes) || spare < 0 || spare >= SPARE_HOSTS_TO_ROLL) {
        return [];
    }
    const machines = nodes - spare;
    const rule =
        "rolls every machine, and the host of a new one has to be there before the old one goes: " +
        `${nodes} hosts have ${machines} machines; set nodes to ${machines + SPARE_HOSTS_TO_ROLL} or more as well`;
    return [{ key: "kubernetesVersion", rule }];
}
