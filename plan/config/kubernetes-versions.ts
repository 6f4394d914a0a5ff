import { KUBERNETES_VERSIONS } from "./limits";

const range = (first: number, last: number): number[] =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index);

/**
 * Every Kubernetes version that a workload cluster may have, with its leading v, the oldest first.
 *
 * The ClusterClass lists all of them, whatever the clusters have now: Cluster API refuses a class without the version
 * of one of its clusters, and it steps through the listed versions when a cluster's version rises by several minor
 * versions. On the way it takes the last one of each minor version.
 */
export const allKubernetesVersions = (): string[] =>
    range(KUBERNETES_VERSIONS.firstMinor, KUBERNETES_VERSIONS.lastMinor).flatMap((minor) =>
        range(0, KUBERNETES_VERSIONS.lastPatch).map((patch) => `v1.${minor}.${patch}`),
    );
