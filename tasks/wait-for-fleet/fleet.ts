import { countBy } from "../../lib/count-by";
import type { LabConfig } from "../../plan/config/keys";
import type { LabPlan } from "../../plan/plan";
import { pendingCluster, type ClusterShape, type ClusterStatus } from "./clusters";
import { pendingHost, type HostStatus } from "./hosts";
import { pendingParts, type PartStatus, type Pending } from "./pending";

/** The fleet as one look found it. */
export interface Fleet {
    hosts: HostStatus[];
    clusters: ClusterStatus[];
    parts: PartStatus[];
}

/**
 * What everything should be when `up` ends. Which host serves which cluster is not part of it. The parts of the lab
 * need no list: all of them should work.
 */
export interface Wanted {
    hosts: string[];
    /** The clusters that are waited for. */
    clusters: string[];
    shape: ClusterShape;
}

/**
 * What the configuration wants of hosts and clusters.
 * @param wait "hosts": every host is enrolled and usable, whatever it is used for, and no cluster is waited for.
 * "clusters": every cluster is as it is configured, its hosts are provisioned, and the others are available.
 */
export function wanted(
    plan: Pick<LabPlan, "hosts" | "clusters">,
    { controlPlaneNodes, workerNodes, kubernetesVersion }: Pick<LabConfig, keyof ClusterShape>,
    wait: "hosts" | "clusters",
): Wanted {
    return {
        hosts: plan.hosts.map(({ name }) => name),
        clusters: wait === "hosts" ? [] : plan.clusters.map(({ name }) => name),
        shape: { controlPlaneNodes, workerNodes, kubernetesVersion },
    };
}

/** The objects that are not where they should be. Parts come first: hosts and clusters often wait only for them. */
export function pendingObjects(fleet: Fleet, want: Wanted): Pending[] {
    const hosts = new Map(fleet.hosts.map((host) => [host.name, host]));
    const clusters = new Map(fleet.clusters.map((cluster) => [cluster.name, cluster]));
    const waitedFor = new Set(want.clusters);
    const provisioned = countBy(
        want.hosts.flatMap((name) => {
            const { cluster, state, deleting } = hosts.get(name) ?? {};
            return cluster !== undefined && state === "provisioned" && !deleting ? [cluster] : [];
        }),
    );
    return [
        ...pendingParts(fleet.parts),
        ...want.hosts.flatMap((name) => pendingHost(name, hosts.get(name), waitedFor)),
        ...want.clusters.flatMap((name) =>
            pendingCluster(name, clusters.get(name), want.shape, provisioned.get(name) ?? 0),
        ),
    ];
}

/**
 * One line of counts: the wanted hosts by state, others (hosts that leave the lab, a user's own), clusters that are
 * Available, parts that do not work.
 */
export function progressLine(fleet: Fleet, want: Wanted, elapsedSeconds: number): string {
    const wantedHosts = new Set(want.hosts);
    const ours = fleet.hosts.filter(({ name }) => wantedHosts.has(name));
    const states = ours.map(({ state, elsewhere }) =>
        elsewhere?.there === true ? "put elsewhere by their user" : state || "new",
    );
    const hosts = [...countBy(states)].map(([state, count]) => `${count} ${state}`).join(", ");
    const others = fleet.hosts.length > ours.length ? `, ${fleet.hosts.length - ours.length} others` : "";
    const available = fleet.clusters.filter(
        (cluster) => cluster.available && want.clusters.includes(cluster.name),
    ).length;
    const clusters = want.clusters.length > 0 ? `; clusters: ${available} of ${want.clusters.length} Available` : "";
    const broken = pendingParts(fleet.parts).map(({ name }) => name);
    const parts = broken.length > 0 ? `; not ready: ${broken.join(", ")}` : "";
    const seconds = Math.round(elapsedSeconds);
    return `hosts: ${hosts || "none yet"} of ${want.hosts.length}${others}${clusters}${parts} (${seconds} s)`;
}
