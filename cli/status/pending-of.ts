import { pendingObjects, type Fleet, type Wanted } from "../../tasks/wait-for-fleet/fleet";
import type { Pending } from "../../tasks/wait-for-fleet/pending";

/**
 * What is not where it should be: of what the configuration wants, and of what users have made beside it. Of theirs
 * nobody knows how they should be, but a Cluster should be Available, and a host without an error.
 */
export function pendingOf(fleet: Fleet, want: Wanted): Pending[] {
    const planned = new Set([...want.hosts, ...want.clusters]);
    const hosts = fleet.hosts
        .filter(({ name, error, elsewhere }) => !planned.has(name) && error !== "" && elsewhere === undefined)
        .map(({ name, state, error }): Pending => ({ kind: "BareMetalHost", name, reason: `${state}: ${error}` }));
    const clusters = fleet.clusters
        .filter(({ name, available }) => !planned.has(name) && !available)
        .map(({ name, deleting, message }): Pending => {
            return { kind: "Cluster", name, reason: deleting ? "being deleted" : message || "is not Available yet" };
        });
    return [...pendingObjects(fleet, want), ...hosts, ...clusters];
}
