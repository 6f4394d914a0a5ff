import { CLUSTER_PORTS } from "../../plan/addresses";
import { FAKE_API_SERVER_LABEL } from "../../plan/manifests/cluster-objects";
import { NAMESPACE } from "./harness";
import type { Live, LiveObject } from "./live";

const CLUSTERS = { group: "cluster.x-k8s.io", version: "v1beta2", plural: "clusters", namespace: NAMESPACE };

/** What a copy takes over from a Cluster of the lab. */
interface LabCluster {
    metadata: { labels: Record<string, string> };
    spec: {
        topology: {
            classRef: object;
            version: string;
            controlPlane: object;
            variables: { name: string; value: { host: string; port: number } }[];
        };
    };
}

/**
 * Creates a workload cluster like another one, beside Pulumi. A cluster of that name is left as it is.
 * @param index of the cluster, from which its port follows as in the plan
 * @param labelled whether it has the label of the FKAS that is to serve it
 * @throws Error of kube-apiserver or of a webhook
 */
export async function copyCluster(
    live: Live,
    from: string,
    name: string,
    index: number,
    labelled = true,
): Promise<void> {
    const clusters = await live.clusters();
    const named = (wanted: string): LiveObject | undefined => clusters.find(({ metadata }) => metadata.name === wanted);
    if (named(name) !== undefined) {
        return;
    }
    const { metadata, spec } = named(from) as unknown as LabCluster;
    const { classRef, version, controlPlane, variables } = spec.topology;
    const host = variables.find((variable) => variable.name === "controlPlaneEndpoint")?.value.host;
    const value = { host, port: CLUSTER_PORTS.first + index };
    const body = {
        apiVersion: "cluster.x-k8s.io/v1beta2",
        kind: "Cluster",
        metadata: {
            name,
            namespace: NAMESPACE,
            labels: labelled ? { [FAKE_API_SERVER_LABEL]: metadata.labels[FAKE_API_SERVER_LABEL] } : {},
        },
        spec: {
            topology: { classRef, version, controlPlane, variables: [{ name: "controlPlaneEndpoint", value }] },
        },
    };
    await live.objects.createNamespacedCustomObject({ ...CLUSTERS, body });
}

/** Deletes a workload cluster in the background, as Pulumi does. */
export async function deleteCluster(live: Live, name: string): Promise<void> {
    await live.objects.deleteNamespacedCustomObject({ ...CLUSTERS, name, propagationPolicy: "Background" });
}
