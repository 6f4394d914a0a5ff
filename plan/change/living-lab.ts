import type { Key } from "../config/keys";
import type { minikubeKeys } from "../config/minikube-keys";

/** The keys that a lab keeps as long as it lives: those whose effect is `another lab`. */
export type KeptKey = Extract<
    Key,
    "substrate" | "provisioningCidr" | "podCidr" | "serviceCidr" | keyof typeof minikubeKeys
>;

/** A workload cluster of a lab that is there. */
export interface LivingCluster {
    /** Kubernetes version, with its "v". */
    version: string;
    controlPlaneNodes: number;
    workerNodes: number;
}

/**
 * What a stack's last state says of the lab that it has, half-made ones included. It is read from the resources
 * themselves, and not from a record of the configuration: after an `up` that failed or was killed midway, a record
 * would speak of what was wanted.
 */
export interface LivingLab {
    /** Name of the stack. */
    stack: string;
    /**
     * Values, as a person would type them, of keys that a lab keeps as long as it lives; `""` where the key was not set.
     * Empty: no lab is there.
     */
    kept: Partial<Record<KeptKey, string>>;
    /** Port of the Kubernetes API on the loopback interface, where the substrate has one. */
    apiPort?: number;
    /** Whether Pulumi knows the cluster by an identifier. Labs of earlier versions are known by their port. */
    identified: boolean;
    /** BMC address of each host, by its name. */
    hosts: Record<string, string>;
    /** By name. */
    clusters: Record<string, LivingCluster>;
}

/** Resources of a stack by URN, as Pulumi's function readStackResourceOutputs answers. */
export type StackResources = Record<string, { type: string; outputs?: unknown }>;

/** The fields of the outputs that are looked at. All are optional: a state may be that of a lab of another version. */
interface Outputs {
    name?: string;
    clusterIdentifier?: string;
    ipamConfigs?: { subnet?: string }[];
    envs?: string[];
    ports?: { external?: number }[];
    environment?: { MINIKUBE_MACHINE?: string };
    metadata?: { name?: string };
    spec?: {
        bmc?: { address?: string };
        topology?: {
            version?: string;
            controlPlane?: { replicas?: number };
            workers?: { machineDeployments?: { replicas?: number }[] };
        };
    };
}

/** Types, and names in Pulumi, of the resources that are looked at. */
const NETWORK = "docker:index/network:Network kubernetes-provisioning";
const NODE = "docker:index/container:Container kubernetes-control-plane";
const MACHINE = "command:local:Command kubernetes-machine";
const PROVIDER = "pulumi:providers:kubernetes kubernetes-kubernetes";
/** First part of the references of images that are built on this machine. */
const BUILT_IMAGES = "metal3-scale-lab/";

const HOST = "kubernetes:metal3.io/v1alpha1:BareMetalHost";
const CLUSTER = "kubernetes:cluster.x-k8s.io/v1beta2:Cluster";

/** Reads the resources of a stack. @param stack its name, without organisation and project */
export function livingLab(stack: string, resources: StackResources): LivingLab {
    const lab: LivingLab = { stack, kept: {}, identified: false, hosts: {}, clusters: {} };
    for (const [urn, { type, outputs }] of Object.entries(resources)) {
        add(lab, type, urn.split("::").at(-1) ?? "", outputs ?? {});
    }
    return lab;
}

function add(lab: LivingLab, type: string, name: string, outputs: Outputs): void {
    switch (type) {
        case HOST:
            addHost(lab, outputs);
            return;
        case CLUSTER:
            addCluster(lab, outputs);
            return;
    }
    switch (`${type} ${name}`) {
        case NETWORK:
            keep(lab, { provisioningCidr: outputs.ipamConfigs?.[0]?.subnet });
            return;
        case NODE:
            addNode(lab, outputs);
            return;
        case MACHINE:
            addMachine(lab, outputs);
            return;
        case PROVIDER:
            lab.identified = outputs.clusterIdentifier !== undefined;
    }
}

function addHost(lab: LivingLab, { metadata, spec }: Outputs): void {
    if (metadata?.name !== undefined && spec?.bmc?.address !== undefined) {
        lab.hosts[metadata.name] = spec.bmc.address;
    }
}

function addCluster(lab: LivingLab, { metadata, spec }: Outputs): void {
    const topology = spec?.topology;
    if (metadata?.name === undefined || topology?.version === undefined) {
        return;
    }
    const workers = topology.workers?.machineDeployments ?? [];
    lab.clusters[metadata.name] = {
        version: topology.version,
        controlPlaneNodes: topology.controlPlane?.replicas ?? 0,
        workerNodes: workers.reduce((sum, { replicas }) => sum + (replicas ?? 0), 0),
    };
}

/** Reads the container of the substrate `embedded`. */
function addNode(lab: LivingLab, { envs = [], ports }: Outputs): void {
    const variable = (name: string): string | undefined =>
        envs.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
    keep(lab, { substrate: "embedded", podCidr: variable("POD_CIDR"), serviceCidr: variable("SERVICE_CIDR") });
    const port = ports?.[0]?.external;
    if (port !== undefined) {
        lab.apiPort = port;
    }
}

/** Reads what minikube was told when it made the machine of the substrate `minikube`. */
function addMachine(lab: LivingLab, { environment }: Outputs): void {
    const text = environment?.MINIKUBE_MACHINE;
    if (text === undefined) {
        return;
    }
    const machine = JSON.parse(text) as {
        driver?: string;
        podCidr?: string;
        serviceCidr?: string;
        cpus?: number;
        memoryMib?: number;
        diskGib?: number;
        baseImage?: string;
        libvirt?: { uri?: string; network?: string };
    };
    const { baseImage = "" } = machine;
    keep(lab, {
        substrate: "minikube",
        minikubeDriver: machine.driver,
        podCidr: machine.podCidr,
        serviceCidr: machine.serviceCidr,
        minikubeCpus: machine.cpus,
        minikubeMemory: machine.memoryMib,
        minikubeDisk: machine.diskGib,
        minikubeBaseImage: baseImage.startsWith(BUILT_IMAGES) ? "built" : baseImage,
        libvirtUri: machine.libvirt?.uri,
        libvirtNetwork: machine.libvirt?.network,
    });
}

function keep(lab: LivingLab, values: Partial<Record<KeptKey, string | number | undefined>>): void {
    for (const [key, value] of Object.entries(values) as [KeptKey, string | number | undefined][]) {
        if (value !== undefined) {
            lab.kept[key] = String(value);
        }
    }
}
