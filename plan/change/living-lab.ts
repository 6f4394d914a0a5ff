import { PROFILE_LABEL } from "../host-profiles/label";
import { FAKE_API_SERVER_LABEL } from "../manifests/cluster-objects";
import { EXISTING_CLUSTER } from "../substrate/existing";
import { livingSubstrate, type KeptKey, type LivingSubstrate, type SubstrateOutputs } from "../substrate/living";
import { highest, versionsNamedBy } from "./living-versions";

/** A workload cluster of a lab that is there. */
export interface LivingCluster {
    /** Kubernetes version, with its "v". */
    version: string;
    controlPlaneNodes: number;
    workerNodes: number;
    /** Index of the fake API server that serves it. Undefined: an earlier version did not say. */
    fakeApiServer?: number;
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
     * Values, as a person would type them, of keys that a lab keeps as long as it lives; `""` where the key was not
     * set. Empty: no lab is there.
     */
    kept: Partial<Record<KeptKey, string>>;
    /** Port of the Kubernetes API on the loopback interface, where the substrate has one. */
    apiPort?: number;
    /** Whether Pulumi knows the cluster by an identifier. Labs of earlier versions are known by their port. */
    identified: boolean;
    /** Identifier of the cluster that it stands in, where it did not make one. */
    clusterId?: string;
    /** Prefix of its names, by the name that its stack had when it was made. Undefined: no resource says. */
    prefix?: string;
    /** Administrator's kubeconfig of its cluster. Undefined: the cluster was not made yet. */
    kubeconfig?: string;
    /**
     * Version of each part whose version can be chosen, by the name of the part: the highest, where an `up` was killed
     * between two of its resources. A part that was not made yet is absent.
     */
    versions: Record<string, string>;
    /** Number of Ironic's conductors. */
    conductors: number;
    /** BMC address of each host, by its name. */
    hosts: Record<string, string>;
    /** Profile of each host, by its name, where it is not the default's. */
    profiles: Record<string, string>;
    /** Boot mode of each host, by its name. */
    bootModes: Record<string, string>;
    /** By name. */
    clusters: Record<string, LivingCluster>;
}

/** Resources of a stack by URN, as Pulumi's function readStackResourceOutputs answers. */
export type StackResources = Record<string, { type: string; outputs?: unknown }>;

/** The fields of the outputs that are looked at. All are optional: a state may be that of a lab of another version. */
interface Outputs extends SubstrateOutputs {
    clusterIdentifier?: string;
    kubeconfig?: string;
    environment?: Record<string, unknown>;
    metadata?: { name?: string; annotations?: Record<string, string>; labels?: Record<string, string> };
    spec?: {
        storageClassName?: string;
        bmc?: { address?: string };
        bootMode?: string;
        topology?: {
            version?: string;
            controlPlane?: { replicas?: number };
            workers?: { machineDeployments?: { replicas?: number }[] };
        };
    };
}

const PROVIDER = "pulumi:providers:kubernetes kubernetes-kubernetes";
const HOST = "kubernetes:metal3.io/v1alpha1:BareMetalHost";
const CLUSTER = "kubernetes:cluster.x-k8s.io/v1beta2:Cluster";
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";

/** Label that says what a Deployment is (charts/ironic). */
const COMPONENT = "app.kubernetes.io/component";

/** Reads the resources of a stack. @param stack its name, without organisation and project */
export function livingLab(stack: string, resources: StackResources): LivingLab {
    const lab: LivingLab = {
        ...{ stack, kept: {}, identified: false, versions: {}, conductors: 0 },
        ...{ hosts: {}, profiles: {}, bootModes: {}, clusters: {} },
    };
    for (const [urn, { type, outputs }] of Object.entries(resources)) {
        add(lab, type, urn.split("::").at(-1) ?? "", outputs ?? {});
    }
    return lab;
}

function add(lab: LivingLab, type: string, name: string, outputs: Outputs): void {
    lab.versions = highest(lab.versions, versionsNamedBy(`${type} ${name}`, outputs));
    if (type === HOST) {
        addHost(lab, outputs);
    } else if (type === CLUSTER) {
        addCluster(lab, outputs);
    } else if (type === DEPLOYMENT) {
        lab.conductors += outputs.metadata?.labels?.[COMPONENT] === "conductor" ? 1 : 0;
    } else if (`${type} ${name}` === PROVIDER) {
        lab.identified = outputs.clusterIdentifier !== undefined;
        addExisting(lab, outputs.clusterIdentifier);
        // The command line reads the state as it is stored, where a secret is no text.
        if (typeof outputs.kubeconfig === "string" && outputs.kubeconfig !== "") {
            lab.kubeconfig = outputs.kubeconfig;
        }
    } else {
        addSubstrate(lab, livingSubstrate(`${type} ${name}`, outputs));
    }
}

/** The provider is the only resource that a lab has of a cluster that it did not make. */
function addExisting(lab: LivingLab, identifier = ""): void {
    if (identifier.startsWith(EXISTING_CLUSTER)) {
        lab.kept.substrate = "existing";
        lab.clusterId = identifier.slice(EXISTING_CLUSTER.length);
    }
}

function addHost(lab: LivingLab, { metadata, spec }: Outputs): void {
    if (metadata?.name !== undefined && spec?.bmc?.address !== undefined) {
        lab.hosts[metadata.name] = spec.bmc.address;
        if (spec.bootMode !== undefined) {
            lab.bootModes[metadata.name] = spec.bootMode;
        }
        const profile = metadata.labels?.[PROFILE_LABEL];
        if (profile !== undefined) {
            lab.profiles[metadata.name] = profile;
        }
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
        ...servedBy(metadata.labels?.[FAKE_API_SERVER_LABEL]),
    };
}

const servedBy = (label: string | undefined): Pick<LivingCluster, "fakeApiServer"> =>
    label === undefined ? {} : { fakeApiServer: Number(label) };

function addSubstrate(lab: LivingLab, { kept = {}, apiPort, prefix }: Partial<LivingSubstrate> = {}): void {
    for (const [key, value] of Object.entries(kept) as [KeptKey, string | number | undefined][]) {
        if (value !== undefined) {
            lab.kept[key] = String(value);
        }
    }
    if (apiPort !== undefined) {
        lab.apiPort = apiPort;
    }
    if (prefix !== undefined) {
        lab.prefix = prefix;
    }
}
