import { CustomObjectsApi } from "@kubernetes/client-node";
import { listObjects, parseKubeconfig, type CustomKind, type ObjectMetadata } from "../../lib/kubernetes";
import { QUEUED_ANNOTATION } from "../../plan/manifests/cluster-objects";
import { QUEUED, type ClusterStatus, type Fleet, type HostStatus } from "./fleet";
import { WorkloadReader, type Workload } from "./workloads";

export const HOSTS: CustomKind = { group: "metal3.io", version: "v1alpha1", plural: "baremetalhosts" };
export const CLUSTERS: CustomKind = { group: "cluster.x-k8s.io", version: "v1beta2", plural: "clusters" };

interface ListedObject {
    metadata?: ObjectMetadata;
    spec?: { consumerRef?: object };
    status?: {
        provisioning?: { state?: string };
        errorMessage?: string;
        conditions?: { type: string; status: string; message?: string }[];
    };
}

/** Reads the fleet from the management cluster. */
export class FleetReader {
    private readonly api: CustomObjectsApi;
    private readonly workloads: WorkloadReader;

    constructor(
        kubeconfig: string,
        private readonly namespace: string,
        workloads: readonly Workload[],
    ) {
        const config = parseKubeconfig(kubeconfig);
        this.api = config.makeApiClient(CustomObjectsApi);
        this.workloads = new WorkloadReader(config, workloads);
    }

    /** @param withClusters whether clusters are waited for: the list of a thousand costs the API server seconds. */
    async read(withClusters: boolean): Promise<Fleet> {
        const list = (kind: CustomKind): Promise<ListedObject[]> => listObjects(this.api, kind, this.namespace);
        const [hosts, clusters, parts] = await Promise.all([
            list(HOSTS),
            withClusters ? list(CLUSTERS) : [],
            this.workloads.read(),
        ]);
        return { hosts: hosts.map(hostStatus), clusters: clusters.map(clusterStatus), parts };
    }
}

export const hostStatus = (object: ListedObject): HostStatus => ({
    name: object.metadata?.name ?? "",
    state:
        object.status?.provisioning?.state ||
        (object.metadata?.annotations?.[QUEUED_ANNOTATION] === undefined ? "" : QUEUED),
    error: object.status?.errorMessage ?? "",
    deleting: object.metadata?.deletionTimestamp !== undefined,
    used: object.spec?.consumerRef !== undefined,
});

/**
 * What is to be said of a Cluster. A queued Cluster is paused, so its condition does not count: a new one has none yet,
 * and that of a Cluster which was queued again may be outdated.
 */
export function clusterStatus(object: ListedObject): ClusterStatus {
    const name = object.metadata?.name ?? "";
    const queued = object.metadata?.annotations?.[QUEUED_ANNOTATION];
    if (queued !== undefined) {
        return { name, available: false, message: `queued: waits for its ${queued} hosts to be available` };
    }
    const available = object.status?.conditions?.find(({ type }) => type === "Available");
    return {
        name,
        available: available?.status === "True" && object.metadata?.deletionTimestamp === undefined,
        message: (available?.message ?? "").replace(/\s+/g, " ").trim(),
    };
}
