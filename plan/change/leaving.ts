import type { LabPlan } from "../plan";
import type { LivingLab } from "./living-lab";

/** Names of the hosts and clusters that a lab has and is not to have any more. */
export interface Leaving {
    hosts: ReadonlySet<string>;
    clusters: ReadonlySet<string>;
}

/** What of the lab that is there leaves it. */
export function leaving(before: LivingLab, { hosts, clusters }: Pick<LabPlan, "hosts" | "clusters">): Leaving {
    const gone = (names: string[], staying: readonly { name: string }[]): ReadonlySet<string> => {
        const known = new Set(staying.map(({ name }) => name));
        return new Set(names.filter((name) => !known.has(name)));
    };
    return { hosts: gone(Object.keys(before.hosts), hosts), clusters: gone(Object.keys(before.clusters), clusters) };
}
