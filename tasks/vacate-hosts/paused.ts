import { CustomObjectsApi } from "@kubernetes/client-node";
import { listObjects, parseKubeconfig, type ObjectMetadata } from "../../lib/kubernetes";
import type { Leaving } from "../../plan/change/leaving";
import { BMO_PAUSED_ANNOTATION, clusterOfHost } from "../../plan/manifests/cluster-objects";
import {
    clusterPausedBy,
    hostPausedBy,
    pausedText,
    unpauseCommand,
    type PausableCluster,
    type PausedBy,
} from "../wait-for-fleet/pauses";
import { CLUSTERS, HOSTS } from "../wait-for-fleet/reader";

/** A BareMetalHost, as far as its deletion concerns. */
export interface PausableHost {
    metadata?: ObjectMetadata & { labels?: Record<string, string> };
    spec?: { consumerRef?: object };
}

/** An object that somebody has paused and that would keep something from leaving the lab, until time runs out. */
export interface Pause {
    kind: "Cluster" | "BareMetalHost";
    name: string;
    /** The field or annotation that pauses it. */
    by: string;
    /** The command that takes the pause off. */
    command: string;
}

/** Value of BMO's annotation on the hosts of a Cluster that is paused: CAPM3 (v1.13.2) sets it, and takes it off. */
const BY_CAPM3 = "metal3.io/capm3";

/** Reads what is there, and finds the pauses that are in the way of what leaves. */
export async function readPauses(kubeconfig: string, namespace: string, leaving: Leaving): Promise<Pause[]> {
    const api = parseKubeconfig(kubeconfig).makeApiClient(CustomObjectsApi);
    const [clusters, hosts] = await Promise.all([
        listObjects<PausableCluster>(api, CLUSTERS, namespace),
        listObjects<PausableHost>(api, HOSTS, namespace),
    ]);
    return pausesInTheWay(namespace, leaving, clusters, hosts);
}

/**
 * The pauses that are in the way of what leaves. Cluster API deletes no machine of a paused Cluster, nor moves one to
 * another host, and BMO lets no paused host go.
 */
export function pausesInTheWay(
    namespace: string,
    leaving: Leaving,
    clusters: readonly PausableCluster[],
    hosts: readonly PausableHost[],
): Pause[] {
    const used = hosts.filter(({ spec }) => spec?.consumerRef !== undefined);
    const moving = new Set(used.filter((host) => leaving.hosts.has(nameOf(host))).map(clusterOf));
    const pausedClusters = clusters
        .filter((cluster) => leaving.clusters.has(nameOf(cluster)) || moving.has(nameOf(cluster)))
        .flatMap((cluster) => clusterPausedBy(cluster).map((by) => pause(namespace, "Cluster", nameOf(cluster), by)));
    const isPaused = new Set<string | undefined>(pausedClusters.map(({ name }) => name));
    const concerned = new Set([
        ...hosts.filter((host) => leaving.hosts.has(nameOf(host))),
        ...used.filter((host) => leaving.clusters.has(clusterOf(host) ?? "")),
    ]);
    const pausedHosts = [...concerned]
        .filter((host) => hostPausedBy(host) !== undefined)
        // Of such a host the Cluster is named: with the Cluster's pause, CAPM3 takes that of the host off.
        .filter(
            (host) =>
                host.metadata?.annotations?.[BMO_PAUSED_ANNOTATION] !== BY_CAPM3 || !isPaused.has(clusterOf(host)),
        )
        .map((host) => pause(namespace, "BareMetalHost", nameOf(host), BMO_PAUSED_ANNOTATION));
    return [...pausedClusters, ...pausedHosts];
}

const pause = (namespace: string, kind: Pause["kind"], name: string, by: PausedBy): Pause => ({
    kind,
    name,
    by: pausedText(by),
    command: unpauseCommand(namespace, kind, name, by),
});

const nameOf = ({ metadata }: { metadata?: ObjectMetadata }): string => metadata?.name ?? "";

const clusterOf = ({ metadata }: PausableHost): string | undefined => clusterOfHost(metadata?.labels);
