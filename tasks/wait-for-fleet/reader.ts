import { CustomObjectsApi } from "@kubernetes/client-node";
import { isAbsent, listObjects, parseKubeconfig, type CustomKind, type ObjectMetadata } from "../../lib/kubernetes";
import type { Evidence } from "./chains";
import { clusterStatus, type ClusterObject } from "./clusters";
import type { Condition } from "./conditions";
import type { Fleet } from "./fleet";
import { hostStatus, type HostObject } from "./hosts";
import { machineStatus, ownerStatus, type Machinery, type MachineryObject } from "./machines";
import { WorkloadReader } from "./workloads";

export { clusterStatus, hostStatus };

export const HOSTS: CustomKind = { group: "metal3.io", version: "v1alpha1", plural: "baremetalhosts" };
export const CLUSTERS: CustomKind = { group: "cluster.x-k8s.io", version: "v1beta2", plural: "clusters" };
export const MACHINES: CustomKind = { ...CLUSTERS, plural: "machines" };
export const MACHINE_DEPLOYMENTS: CustomKind = { ...CLUSTERS, plural: "machinedeployments" };
export const CONTROL_PLANES: CustomKind = {
    group: "controlplane.cluster.x-k8s.io",
    version: "v1beta2",
    plural: "kubeadmcontrolplanes",
};
const METAL3_MACHINES: CustomKind = {
    group: "infrastructure.cluster.x-k8s.io",
    version: "v1beta2",
    plural: "metal3machines",
};

interface Metal3MachineObject {
    metadata?: ObjectMetadata;
    status?: { conditions?: Condition[] };
}

/** The fleet, why it is as it is, and the objects that say since when. */
export interface WholeFleet {
    fleet: Fleet;
    evidence: Evidence;
    hosts: readonly HostObject[];
    clusters: readonly ClusterObject[];
}

const evidenceOf = (
    hosts: Evidence["hosts"],
    machines: readonly MachineryObject[],
    metal3Machines: readonly Metal3MachineObject[],
): Evidence => ({
    hosts,
    machines: machines.map(machineStatus),
    metal3Machines: metal3Machines.map(({ metadata, status }) => ({
        name: metadata?.name ?? "",
        conditions: status?.conditions ?? [],
    })),
});

/** Reads the fleet from the management cluster. */
export class FleetReader {
    private readonly api: CustomObjectsApi;
    private readonly workloads: WorkloadReader;

    constructor(
        kubeconfig: string,
        private readonly namespace: string,
        workloads: ConstructorParameters<typeof WorkloadReader>[1],
    ) {
        const config = parseKubeconfig(kubeconfig);
        this.api = config.makeApiClient(CustomObjectsApi);
        this.workloads = new WorkloadReader(config, workloads);
    }

    /** @param withClusters whether clusters are waited for: the list of a thousand costs the API server seconds. */
    async read(withClusters: boolean): Promise<Fleet> {
        const [hosts, clusters, parts] = await Promise.all([
            this.list<HostObject>(HOSTS),
            withClusters ? this.list<ClusterObject>(CLUSTERS) : [],
            this.workloads.read(),
        ]);
        return { hosts: hosts.map(hostStatus), clusters: clusters.map(clusterStatus), parts };
    }

    /** Reads everything that a person asks about, one list a kind. A lab that comes up does not have all kinds yet. */
    async readWhole(): Promise<WholeFleet> {
        const [hosts, clusters, machines, metal3Machines, parts] = await Promise.all([
            this.listIfThere<HostObject>(HOSTS),
            this.listIfThere<ClusterObject>(CLUSTERS),
            this.listIfThere<MachineryObject>(MACHINES),
            this.listIfThere<Metal3MachineObject>(METAL3_MACHINES),
            this.workloads.read(),
        ]);
        const fleet = { hosts: hosts.map(hostStatus), clusters: clusters.map(clusterStatus), parts };
        return { fleet, evidence: evidenceOf(fleet.hosts, machines, metal3Machines), hosts, clusters };
    }

    /** Reads what the Clusters consist of. */
    async readMachinery(): Promise<Machinery> {
        const [controlPlanes, deployments, machines] = await Promise.all([
            this.list<MachineryObject>(CONTROL_PLANES),
            this.list<MachineryObject>(MACHINE_DEPLOYMENTS),
            this.list<MachineryObject>(MACHINES),
        ]);
        return {
            owners: [
                ...controlPlanes.map((each) => ownerStatus("KubeadmControlPlane", each)),
                ...deployments.map((each) => ownerStatus("MachineDeployment", each)),
            ],
            machines: machines.map(machineStatus),
        };
    }

    /** Reads all that lies between a Cluster and its hosts. */
    async readEvidence(): Promise<Evidence> {
        const [hosts, machines, metal3Machines] = await Promise.all([
            this.list<HostObject>(HOSTS),
            this.list<MachineryObject>(MACHINES),
            this.list<Metal3MachineObject>(METAL3_MACHINES),
        ]);
        return evidenceOf(hosts.map(hostStatus), machines, metal3Machines);
    }

    private list<Item>(kind: CustomKind): Promise<Item[]> {
        return listObjects(this.api, kind, this.namespace);
    }

    private listIfThere<Item>(kind: CustomKind): Promise<Item[]> {
        return this.list<Item>(kind).catch((error: unknown) => {
            if (isAbsent(error)) {
                return [];
            }
            throw error;
        });
    }
}
