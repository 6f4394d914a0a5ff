/** What is known of a cluster that is the lab's own. */
export interface OwnCluster {
    /** Its nodes, by name and address on the provisioning network. The first holds the control plane. */
    nodes: { name: string; address: string }[];
    /** Port at the loopback address of that node where etcd answers /metrics. */
    etcdMetricsPort: number;
}

/** Where the lab stands, as far as it follows from the configuration. Layers above use it without knowing the kind. */
export interface SubstrateBase {
    /**
     * Address on the provisioning network at which Services of the management cluster are reached: one of a node's.
     * Undefined where there is no such network: they are reached from within the cluster alone.
     */
    serviceAddress?: string;
    /** Name of the StorageClass for data that must outlive a pod. Empty: the cluster's default class. */
    storageClass: string;
    /** Undefined: the cluster is not the lab's own. */
    own?: OwnCluster;
    /** Names of the containers in which the Kubernetes nodes run. Empty where they run otherwise. */
    containers: string[];
    /**
     * Those of them into which the lab itself copies images, since they can pull none. The first holds the control
     * plane. Empty: others bring the images in.
     */
    copiedInto: string[];
}

/** A substrate that the lab makes on this machine, with a provisioning network. */
export interface MachineSubstrate extends SubstrateBase {
    serviceAddress: string;
    /** Name of the Docker network that is, or shares, the provisioning network. */
    dockerNetwork: string;
    /** Address of the provisioning network that belongs to its gateway. */
    gateway: string;
}
