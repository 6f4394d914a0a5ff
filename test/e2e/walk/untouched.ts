import { hostName } from "../../../plan/identities";
import type { MachineOnHost } from "../steps/fleet";
import type { WalkConfig } from "./draw";

/** What a lab has that a change may not touch without need. */
export interface Belongings {
    /** UIDs of hosts and clusters and ids of containers, each by its name. */
    identities: Record<string, string>;
    machines: readonly MachineOnHost[];
}

/** The machines of one role in one cluster. */
const groupOf = ({ cluster, role }: MachineOnHost): string => `${cluster}, ${role}`;

/**
 * What a change has touched though it had not to: hosts, clusters and containers that stay and are others now, and
 * machines that were replaced or moved. A machine has to go when its role in its cluster gets fewer, when its version
 * changes, and when a host of its role leaves the lab, because its owner then replaces all of its machines.
 */
export function touchedWithoutNeed(
    before: Belongings,
    after: Belongings,
    { wanted, from }: { wanted: WalkConfig; from: WalkConfig },
): string[] {
    const others = Object.entries(before.identities)
        .filter(([name, id]) => after.identities[name] !== undefined && after.identities[name] !== id)
        .map(([name]) => `${name} was replaced`);
    if (wanted.kubernetesVersion !== from.kubernetesVersion) {
        return others;
    }
    const stays = (host: string): boolean => host < hostName(wanted.nodes);
    const kept = (machine: MachineOnHost): boolean =>
        after.machines.some(({ uid, host }) => uid === machine.uid && host === machine.host);
    const groups = new Map<string, MachineOnHost[]>();
    for (const machine of before.machines) {
        groups.set(groupOf(machine), [...(groups.get(groupOf(machine)) ?? []), machine]);
    }
    const lost = [...groups]
        .filter(([, had]) => had.every(({ host }) => host !== undefined && stays(host)))
        .map(([group, had]) => {
            const has = after.machines.filter((machine) => groupOf(machine) === group).length;
            return { group, least: Math.min(had.length, has), kept: had.filter(kept).length };
        })
        .filter(({ least, kept }) => kept < least)
        .map(({ group, least, kept }) => `${group}: ${kept} of ${least} machines are on the hosts where they were`);
    return [...others, ...lost];
}
