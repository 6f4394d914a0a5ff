import { CoreV1Api, CustomObjectsApi } from "@kubernetes/client-node";
import {
    isAbsent,
    listFromCache,
    listObjects,
    parseKubeconfig,
    type CustomKind,
    type ObjectMetadata,
} from "../../lib/kubernetes";
import { CLUSTER_NAME_LABEL } from "../../plan/manifests/cluster-objects";
import { clusterStatus, type ClusterObject } from "./clusters";
import type { Condition } from "./conditions";
import { newestWarnings, type Evidence, type EventObject, type Metal3MachineStatus } from "./evidence";
import type { Fleet } from "./fleet";
import { hostStatus, type HostObject } from "./hosts";
import { CLUSTERS, CONTROL_PLANES, HOSTS, MACHINE_DEPLOYMENTS, MACHINES, METAL3_MACHINES } from "./kinds";
import { machineStatus, ownerStatus, type Machinery, type MachineryObject } from "./machines";
import { NodeReader, type NodesLook } from "./node-reader";
import { RequestLog } from "./request-log";
import { WorkloadReader, type Workload } from "./workloads";

export { clusterStatus, hostStatus };
export * from "./kinds";

interface Metal3MachineObject {
    metadata?: ObjectMetadata;
    status?: { conditions?: Condition[] };
}

/** The fleet, and the objects that say since when it is as it is. */
export interface WholeFleet {
    fleet: Fleet;
    hosts: readonly HostObject[];
    clusters: readonly ClusterObject[];
}

/** Which part of a management cluster is a lab. */
export interface LabScope {
    namespace: string;
    /** The workloads that there should be, or the namespaces of which all that is there is read. */
    workloads: readonly Workload[] | { namespaces: readonly string[] };
    /** Whether all nodes of the cluster are the lab's. Otherwise those count on which a pod of a troubled part is. */
    ownsNodes: boolean;
}

/** Clusters that one selector names; of more the whole kind is read. */
const MOST_SELECTED = 200;
/** Events that are read of a lab: those of type Warning alone. */
const MOST_EVENTS = 500;

const metal3MachineStatus = ({ metadata, status }: Metal3MachineObject): Metal3MachineStatus => ({
    name: metadata?.name ?? "",
    conditions: status?.conditions ?? [],
});

/** The Machines and what makes them. @param list reads all objects of a kind */
async function machineryOf(list: (kind: CustomKind) => Promise<MachineryObject[]>): Promise<Machinery> {
    const kinds = [CONTROL_PLANES, MACHINE_DEPLOYMENTS, MACHINES] as const;
    const [controlPlanes = [], deployments = [], machines = []] = await Promise.all(kinds.map(list));
    return {
        owners: [
            ...controlPlanes.map((each) => ownerStatus("KubeadmControlPlane", each)),
            ...deployments.map((each) => ownerStatus("MachineDeployment", each)),
        ],
        machines: machines.map(machineStatus),
    };
}

/** Reads the fleet from the management cluster. */
export class FleetReader {
    readonly requests = new RequestLog();
    private readonly api: CustomObjectsApi;
    private readonly core: CoreV1Api;
    private readonly workloads: WorkloadReader;
    private readonly nodes: NodeReader;
    private readonly namespace: string;

    constructor(
        kubeconfig: string,
        private readonly scope: LabScope,
    ) {
        const config = parseKubeconfig(kubeconfig);
        this.namespace = scope.namespace;
        this.api = config.makeApiClient(CustomObjectsApi);
        this.core = config.makeApiClient(CoreV1Api);
        this.workloads = new WorkloadReader(config, scope.workloads, this.requests);
        this.nodes = new NodeReader(config, this.requests);
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
        const [hosts, clusters, parts] = await Promise.all([
            this.listIfThere<HostObject>(HOSTS),
            this.listIfThere<ClusterObject>(CLUSTERS),
            this.workloads.read(),
        ]);
        const fleet = { hosts: hosts.map(hostStatus), clusters: clusters.map(clusterStatus), parts };
        return { fleet, hosts, clusters };
    }

    /** Reads what the Clusters consist of. */
    readMachinery(): Promise<Machinery> {
        return machineryOf((kind) => this.list(kind));
    }

    /**
     * Reads what lies between these Clusters and their hosts, one list a kind. A kind that is not there yet has none.
     * @param clusters those that are not where they should be, without the queued ones, which have no Machines
     */
    async readChains(clusters: readonly string[]): Promise<Omit<Evidence, "nodes" | "ironic">> {
        const selector =
            clusters.length > MOST_SELECTED ? undefined : `${CLUSTER_NAME_LABEL} in (${clusters.join(",")})`;
        const of = <Item>(kind: CustomKind): Promise<Item[]> =>
            clusters.length === 0 ? Promise.resolve([]) : this.listIfThere<Item>(kind, selector);
        const [machinery, metal3Machines, events] = await Promise.all([
            machineryOf(of),
            of<Metal3MachineObject>(METAL3_MACHINES),
            clusters.length === 0 ? [] : this.events(),
        ]);
        return {
            ...machinery,
            metal3Machines: metal3Machines.map(metal3MachineStatus),
            warnings: newestWarnings(events),
        };
    }

    /** Reads the nodes that count, after the workloads. */
    readNodes(): Promise<NodesLook> {
        const { ownsNodes } = this.scope;
        return this.nodes.read((name) => ownsNodes || this.workloads.troubledNodes.has(name));
    }

    /** Reads all that says why these Clusters, and whatever else is pending, are not where they should be. */
    async readEvidence(clusters: readonly string[]): Promise<Evidence> {
        const [chains, { nodes }] = await Promise.all([this.readChains(clusters), this.readNodes()]);
        return { ...chains, nodes, ironic: new Map() };
    }

    private async events(): Promise<EventObject[]> {
        const { namespace } = this;
        const query = { namespace, fieldSelector: "type=Warning", limit: MOST_EVENTS };
        return (await this.requests.count("events", () => this.core.listNamespacedEvent(query))).items;
    }

    private list<Item>(kind: CustomKind): Promise<Item[]> {
        return listObjects(this.api, kind, this.namespace);
    }

    private listIfThere<Item>(kind: CustomKind, selector?: string): Promise<Item[]> {
        return this.requests
            .count(kind.plural, () => listFromCache<Item>(this.api, kind, this.namespace, selector))
            .catch((error: unknown) => {
                if (isAbsent(error)) {
                    return [];
                }
                throw error;
            });
    }
}
