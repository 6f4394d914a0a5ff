import type { LabPlan } from "../plan";
import type { LivingLab } from "./living-lab";

/** Names of the hosts and clusters that a lab has and is not to have any more. */
export interface Leaving {
    hosts: ReadonlySet<string>;
    clusters: ReadonlySet<string>;
}

/** Whether a lab grows: it is not there yet, or gets hosts or clusters that it does not have. */
export const grows = (before: LivingLab, { hosts, clusters }: Pick<LabPlan, "hosts" | "clusters">): boolean =>
    Object.keys(before.kept).length === 0 ||
    hosts.some(({ name }) => before.hosts[name] === undefined) ||
    clusters.some(({ name }) => before.clusters[name] === undefined);

/** What of the lab that is there leaves it. */
export function leaving(before: LivingLab, { hosts, clusters }: Pick<LabPlan, "hosts" | "clusters">): Leaving {
    const gone = (names: string[], staying: readonly { name: string }[]): ReadonlySet<string> => {
        const known = new Set(staying.map(({ name }) => name));
        return new Set(names.filter((name) => !known.has(name)));
    };
    return { hosts: gone(Object.keys(before.hosts), hosts), clusters: gone(Object.keys(before.clusters), clusters) };
}
