import * as semver from "semver";
import { pairAddresses, parseNetwork } from "../addresses";
import type { Key, LabConfig } from "../config/keys";
import { MINORS_AT_ONCE, SPARE_HOSTS_TO_ROLL } from "../config/limits";
import { clusterName, defaultApiPort, hostName } from "../identities";
import { pairRange } from "../pairs";
import type { LivingCluster, LivingLab } from "./living-lab";

/** A key whose new value a lab that is there cannot take, and the rule that says why. */
export interface ChangeProblem {
    key: Key;
    rule: string;
}

/**
 * Everything in a configuration that the lab which is there cannot take. Keys that are absent are skipped.
 * @param before the lab as it is
 * @param after the validated configuration that it is to have
 */
export const changeProblems = (before: LivingLab, after: Partial<LabConfig>): ChangeProblem[] => [
    ...keptProblems(before, after),
    ...pairProblems(before, after),
    ...portProblems(before, after),
    ...versionProblems(before, after),
];

/** Keys that a lab keeps as long as it lives: another value would be another lab. */
function keptProblems({ kept }: LivingLab, after: Partial<LabConfig>): ChangeProblem[] {
    // Of another substrate, the keys that say how it is made mean nothing yet.
    const another = after.substrate !== undefined && kept.substrate !== undefined && after.substrate !== kept.substrate;
    return (Object.entries(kept) as [Key, string][])
        .filter(([key]) => !another || key === "substrate")
        .filter(([key, value]) => after[key] !== undefined && String(after[key]) !== value)
        .map(([key, value]) => ({ key, rule: keptRule(key, value) }));
}

function keptRule(key: Key, value: string): string {
    const back = value === "" ? `unset it (pulumi config rm ${key})` : `set it back to ${value}`;
    return (
        `this lab ${value === "" ? "was made without it" : `has ${value}`}, and keeps that as long as it lives: ` +
        `${back}, or take the lab away (npm run down), and bring it up with the new value (npm run up)`
    );
}

/** BMO takes no other BMC address for a host that is there, so each has to stay with its pair. */
function pairProblems({ kept, hosts }: LivingLab, after: Partial<LabConfig>): ChangeProblem[] {
    const cidr = kept.provisioningCidr;
    if (after.nodes === undefined || !("nodesPerPair" in after) || cidr === undefined) {
        return [];
    }
    const network = parseNetwork(cidr);
    const moved: string[] = [];
    for (let pair = 0; pairRange(pair, after.nodesPerPair).first < after.nodes; pair++) {
        const { first, count } = pairRange(pair, after.nodesPerPair);
        for (let index = first; index < Math.min(first + count, after.nodes); index++) {
            const address = hosts[hostName(index)];
            // A pair beyond the network is another problem, and hosts that have it move in any case.
            if (address !== undefined && new URL(address).hostname !== sushyTools(network, pair)) {
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
        `set it back, or lower nodes to ${Number(moved[0]?.split("-").at(-1))} or less first`;
    return [{ key: "nodesPerPair", rule }];
}

function sushyTools(network: ReturnType<typeof parseNetwork>, pair: number): string | undefined {
    try {
        return pairAddresses(network, pair).sushyTools;
    } catch (error) {
        if (error instanceof RangeError) {
            return undefined;
        }
        throw error;
    }
}

/** Pulumi knows the cluster of an old lab by its port, and would replace every object in it. */
function portProblems({ apiPort, identified, stack }: LivingLab, after: Partial<LabConfig>): ChangeProblem[] {
    if (apiPort === undefined || identified || !("apiPort" in after) || after.substrate !== "embedded") {
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

const minorsBetween = (low: string, high: string): number =>
    (semver.major(high) - semver.major(low)) * 1000 + semver.minor(high) - semver.minor(low);

/** Rules of Cluster API for the version of clusters that are there and stay. */
function versionProblems(before: LivingLab, after: Partial<LabConfig>): ChangeProblem[] {
    const { kubernetesVersion: wanted, clusters } = after;
    if (wanted === undefined || clusters === undefined) {
        return [];
    }
    const staying = Array.from({ length: clusters }, (_, index) => before.clusters[clusterName(index)]).filter(
        (cluster): cluster is LivingCluster => cluster !== undefined,
    );
    const versions = staying.map(({ version }) => version).sort(semver.compare);
    const [lowest] = versions;
    const highest = versions.at(-1);
    if (lowest === undefined || highest === undefined || (lowest === wanted && highest === wanted)) {
        return [];
    }
    if (semver.lt(wanted, highest)) {
        const rule = `must not be below ${highest}, which clusters of this lab have: Cluster API lowers no version`;
        return [{ key: "kubernetesVersion", rule }];
    }
    if (minorsBetween(lowest, wanted) > MINORS_AT_ONCE) {
        const next = `v${semver.major(lowest)}.${semver.minor(lowest) + MINORS_AT_ONCE}`;
        const rule = `clusters of this lab have ${lowest}, and Cluster API skips no minor version: set ${next}.x first`;
        return [{ key: "kubernetesVersion", rule }];
    }
    return spareHostProblems(after);
}

/** Cluster API rolls a machine by making its successor first, which needs a host of its own meanwhile. */
function spareHostProblems(after: Partial<LabConfig>): ChangeProblem[] {
    const { nodes, clusters, controlPlaneNodes, workerNodes } = after;
    if (nodes === undefined || clusters === undefined || controlPlaneNodes === undefined || workerNodes === undefined) {
        return [];
    }
    const machines = clusters * (controlPlaneNodes + workerNodes);
    // With fewer hosts than machines there is another problem, which says so.
    if (nodes < machines || nodes - machines >= SPARE_HOSTS_TO_ROLL) {
        return [];
    }
    const rule =
        "rolls every machine, and the host of a new one has to be there before the old one goes: " +
        `${nodes} hosts have ${machines} machines; set nodes to ${machines + SPARE_HOSTS_TO_ROLL} or more as well`;
    return [{ key: "kubernetesVersion", rule }];
}
