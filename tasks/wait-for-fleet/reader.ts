import { CustomObjectsApi } from "@kubernetes/client-node";
import { listObjects, parseKubeconfig, type ObjectMetadata } from "../../lib/kubernetes";
import { QUEUED_ANNOTATION } from "../../plan/manifests/cluster-objects";
import type { ClusterStatus, Fleet, HostStatus } from "./fleet";

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

    constructor(
        kubeconfig: string,
        private readonly namespace: string,
    ) {
        this.api = parseKubeconfig(kubeconfig).makeApiClient(CustomObjectsApi);
    }

    async read(withClusters: boolean): Promise<Fleet> {
        const [hosts, clusters] = await Promise.all([
            this.list("metal3.io", "v1alpha1", "baremetalhosts"),
            withClusters ? this.list("cluster.x-k8s.io", "v1beta2", "clusters") : [],
        ]);
        return { hosts: hosts.map(hostStatus), clusters: clusters.map(clusterStatus) };
    }

    private list(group: string, version: string, plural: string): Promise<ListedObject[]> {
        return listObjects<ListedObject>(this.api, { group, version, plural }, this.namespace);
    }
}

/** Stands for the state of a host that is paused until there is room for it: BMO has given it none. */
const QUEUED = "queued";

export const hostStatus = (object: ListedObject): HostStatus => ({
    name: object.metadata?.name ?? "",
    state:
        object.status?.provisioning?.state ||
        (object.metadata?.annotations?.[QUEUED_ANNOTATION] === undefined ? "" : QUEUED),
    error: object.status?.errorMessage ?? "",
    deleting: object.metadata?.deletionTimestamp !== undefined,
    used: object.spec?.consumerRef !== undefined,
});

/** A Cluster that is queued is paused: of a new one there is no condition, of one that was queued again it may be outdated. */
export function clusterStatus(object: ListedObject): ClusterStatus {
    const available = object.status?.conditions?.find(({ type }) => type === "Available");
    const queued = object.metadata?.annotations?.[QUEUED_ANNOTATION];
    if (queued !== undefined) {
        return {
            name: object.metadata?.name ?? "",
            available: false,
            message: `queued: waits for its ${queued} hosts to be available`,
        };
    }
    return {
        name: object.metadata?.name ?? "",
        available: available?.status === "True" && object.metadata?.deletionTimestamp === undefined,
        message: (available?.message ?? "").replace(/\s+/g, " ").trim(),
    };
}
