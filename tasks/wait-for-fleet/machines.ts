import type { ObjectMetadata } from "../../lib/kubernetes";
import { CLUSTER_NAME_LABEL } from "../../plan/manifests/cluster-objects";
import type { ClusterShape } from "./clusters";
import type { Condition, Observed } from "./conditions";
import type { Pending } from "./pending";

const CONTROL_PLANE_LABEL = "cluster.x-k8s.io/control-plane";
/** Labels of a Machine that name its owner. */
const OWNER_LABELS: Record<string, MachineOwner["kind"]> = {
    "cluster.x-k8s.io/control-plane-name": "KubeadmControlPlane",
    "cluster.x-k8s.io/deployment-name": "MachineDeployment",
};

/** Condition in which a MachineDeployment repeats that its MachineSet cannot make a Machine (Cluster API v1.13.4). */
const MACHINES_MADE = "MachineSetReady";

/** What makes Machines and replaces them. */
export interface MachineOwner {
    kind: "KubeadmControlPlane" | "MachineDeployment";
    name: string;
}

/** What the wait for the fleet reads of a Machine. */
export interface MachineStatus extends Observed {
    name: string;
    cluster: string;
    isControlPlane: boolean;
    /** Kubernetes version, with its leading v. */
    version: string;
    deleting: boolean;
    /** It has become a Node. */
    hasNode: boolean;
    /** When it was made, as Kubernetes writes times: the order of the texts is that of the times. */
    created: string;
    /** Its Metal3Machine. */
    infrastructure: string;
    /** Undefined: nothing replaces it. */
    owner?: MachineOwner;
}

/** What the wait reads of a KubeadmControlPlane or a MachineDeployment, which makes Machines. */
export interface OwnerStatus extends Observed, MachineOwner {
    cluster: string;
    deleting: boolean;
    /** Why it cannot make a Machine, as a MachineDeployment says it in a condition of v1beta1 alone. */
    failure?: Condition;
}

/** Everything that a Cluster consists of. */
export interface Machinery {
    owners: readonly OwnerStatus[];
    machines: readonly MachineStatus[];
}

/** The fields that are read of a Machine, a KubeadmControlPlane or a MachineDeployment. */
export interface MachineryObject {
    metadata?: ObjectMetadata & { labels?: Record<string, string> };
    spec?: { version?: string; infrastructureRef?: { name?: string } };
    status?: {
        observedGeneration?: number;
        conditions?: Condition[];
        nodeRef?: { name?: string };
        deprecated?: { v1beta1?: { conditions?: (Condition & { severity?: string })[] } };
    };
}

const common = ({ metadata, status }: MachineryObject): Omit<OwnerStatus, "kind"> => ({
    name: metadata?.name ?? "",
    cluster: metadata?.labels?.[CLUSTER_NAME_LABEL] ?? "",
    deleting: metadata?.deletionTimestamp !== undefined,
    generation: metadata?.generation ?? 0,
    observedGeneration: status?.observedGeneration ?? 0,
    conditions: status?.conditions ?? [],
});

export function ownerStatus(kind: OwnerStatus["kind"], object: MachineryObject): OwnerStatus {
    const failure = object.status?.deprecated?.v1beta1?.conditions?.find(
        ({ type, status, severity }) => type === MACHINES_MADE && status === "False" && severity === "Error",
    );
    return { kind, ...common(object), ...(failure === undefined ? {} : { failure }) };
}

export const machineStatus = (object: MachineryObject): MachineStatus => {
    const labels = object.metadata?.labels ?? {};
    const [owner] = Object.entries(OWNER_LABELS).flatMap(([label, kind]) => {
        const name = labels[label];
        return name === undefined ? [] : [{ kind, name }];
    });
    return {
        ...common(object),
        isControlPlane: labels[CONTROL_PLANE_LABEL] !== undefined,
        version: object.spec?.version ?? "",
        hasNode: object.status?.nodeRef?.name !== undefined,
        created: object.metadata?.creationTimestamp ?? "",
        infrastructure: object.spec?.infrastructureRef?.name ?? "",
        ...(owner === undefined ? {} : { owner }),
    };
};

/** Why a Machine is not where it should be; undefined when it is. */
export function machineTrouble(machine: MachineStatus, version: string): string | undefined {
    if (machine.deleting) {
        return "being deleted";
    }
    if (machine.version !== version) {
        return `has ${machine.version} (wanted: ${version})`;
    }
    return machine.hasNode ? undefined : "has no Node yet";
}

/**
 * The parts of these Clusters that are not where they should be. What the numbers in a Cluster's status say is copied
 * from its parts, so a part that has not seen a change makes the Cluster say what was true before the change.
 */
export function pendingMachinery(
    { owners, machines }: Machinery,
    clusters: readonly string[],
    shape: ClusterShape,
): Pending[] {
    const waitedFor = new Set(clusters);
    const ofOwners = owners.flatMap(({ kind, name, cluster, ...owner }): Pending[] => {
        const reason = owner.deleting
            ? "being deleted"
            : owner.observedGeneration < owner.generation
              ? "its controller has not seen the last change yet"
              : undefined;
        return reason === undefined || !waitedFor.has(cluster) ? [] : [{ kind, name, reason, cluster }];
    });
    const counts = new Map(clusters.map((name) => [name, { controlPlane: 0, workers: 0 }]));
    const ofMachines = machines.flatMap((machine): Pending[] => {
        const { name, cluster } = machine;
        const count = counts.get(cluster);
        if (count === undefined) {
            return [];
        }
        count[machine.isControlPlane ? "controlPlane" : "workers"] += 1;
        const reason = machineTrouble(machine, shape.kubernetesVersion);
        return reason === undefined ? [] : [{ kind: "Machine", name, reason, cluster }];
    });
    const ofClusters = [...counts].flatMap(([name, { controlPlane, workers }]): Pending[] =>
        controlPlane === shape.controlPlaneNodes && workers === shape.workerNodes
            ? []
            : [
                  {
                      kind: "Cluster",
                      name,
                      cluster: name,
                      reason:
                          `has ${controlPlane} control-plane and ${workers} worker Machines ` +
                          `(wanted: ${shape.controlPlaneNodes} and ${shape.workerNodes})`,
                  },
              ],
    );
    return [...ofOwners, ...ofMachines, ...ofClusters];
}
