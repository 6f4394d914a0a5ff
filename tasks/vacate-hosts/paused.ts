import { CustomObjectsApi } from "@kubernetes/client-node";
import { listObjects, parseKubeconfig, type ObjectMetadata } from "../../lib/kubernetes";
import type { Leaving } from "../../plan/change/leaving";
import {
    BMO_PAUSED_ANNOTATION,
    clusterOfHost,
    PAUSED_ANNOTATION,
    queuedValue,
} from "../../plan/manifests/cluster-objects";
import { CLUSTERS, HOSTS } from "../wait-for-fleet/reader";

/** A Cluster, as far as its deletion concerns. */
export interface PausableCluster {
    metadata?: ObjectMetadata;
    spec?: { paused?: boolean };
}

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
 * another host, and BMO lets no paused host go. What FKAS has queued is paused by the lab itself, which lets it go.
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
        .flatMap((cluster) => clusterPauses(namespace, cluster));
    const isPaused = new Set<string | undefined>(pausedClusters.map(({ name }) => name));
    const concerned = new Set([
        ...hosts.filter((host) => leaving.hosts.has(nameOf(host))),
        ...used.filter((host) => leaving.clusters.has(clusterOf(host) ?? "")),
    ]);
    const pausedHosts = [...concerned]
        .filter(({ metadata: { annotations = {} } = {} }) => {
            return BMO_PAUSED_ANNOTATION in annotations && queuedValue(annotations) === undefined;
        })
        // Of such a host the Cluster is named: with the Cluster's pause, CAPM3 takes that of the host off.
        .filter(
            (host) =>
                host.metadata?.annotations?.[BMO_PAUSED_ANNOTATION] !== BY_CAPM3 || !isPaused.has(clusterOf(host)),
        )
        .map((host) => annotated(namespace, "BareMetalHost", nameOf(host), BMO_PAUSED_ANNOTATION));
    return [...pausedClusters, ...pausedHosts];
}

function clusterPauses(namespace: string, cluster: PausableCluster): Pause[] {
    const annotations = cluster.metadata?.annotations ?? {};
    const name = nameOf(cluster);
    const patch = `kubectl -n ${namespace} patch cluster ${name} --type merge -p '{"spec":{"paused":false}}'`;
    return [
        ...(cluster.spec?.paused === true
            ? [{ kind: "Cluster" as const, name, by: "its field spec.paused", command: patch }]
            : []),
        ...(PAUSED_ANNOTATION in annotations && queuedValue(annotations) === undefined
            ? [annotated(namespace, "Cluster", name, PAUSED_ANNOTATION)]
            : []),
    ];
}

const annotated = (namespace: string, kind: Pause["kind"], name: string, annotation: string): Pause => ({
    kind,
    name,
    by: `its annotation ${annotation}`,
    command: `kubectl -n ${namespace} annotate ${kind.toLowerCase()} ${name} ${annotation}-`,
});

const nameOf = ({ metadata }: { metadata?: ObjectMetadata }): string => metadata?.name ?? "";

const clusterOf = ({ metadata }: PausableHost): string | undefined => clusterOfHost(metadata?.labels);
