import { allKubernetesVersions } from "../config/kubernetes-versions";
import {
    classPatches,
    classVariables,
    CONTROL_PLANE,
    INFRASTRUCTURE,
    WITHOUT_SPARE_HOSTS,
    WORKER_CLASS,
    WORKERS_WITHOUT_SURGE,
    type MachineImage,
} from "./cluster-class-patches";
import type { Manifest } from "./documents";
import { QUEUED_ANNOTATION } from "./queued";

export { HOST_CLUSTER_LABEL, type MachineImage } from "./cluster-class-patches";
export { FORMER_QUEUED_ANNOTATION, QUEUED_ANNOTATION, queuedValue, RELEASED_ANNOTATION } from "./queued";

/** The ClusterClass of every workload cluster. */
export const CLASS_NAME = "metal3-lab";

/** Cluster API's label of what belongs to a cluster. */
export const CLUSTER_NAME_LABEL = "cluster.x-k8s.io/cluster-name";

/** Label of a Cluster: the index of the fake API server that serves it. */
export const FAKE_API_SERVER_LABEL = "metal3-scale-lab/fake-api-server";

/** Annotation of a BareMetalHost that BMO leaves alone. */
export const BMO_PAUSED_ANNOTATION = "baremetalhost.metal3.io/paused";

/** Annotation of a BareMetalHost that is about to leave the lab, whatever its value: no machine is given it. */
export const LEAVING_ANNOTATION = "metal3-scale-lab/leaving";

/** Annotation of a Cluster for which Cluster API makes nothing until it is removed. */
export const PAUSED_ANNOTATION = "cluster.x-k8s.io/paused";

const CLUSTER_API = "cluster.x-k8s.io/v1beta2";
const BOOTSTRAP = "bootstrap.cluster.x-k8s.io/v1beta2";

/**
 * A fake node has neither pods to drain nor volumes to detach, and 0 would mean "wait for ever": one second is the
 * shortest limit there is.
 */
const DELETION_LIMITS = {
    nodeDrainTimeoutSeconds: 1,
    nodeVolumeDetachTimeoutSeconds: 1,
    nodeDeletionTimeoutSeconds: 1,
};

/** No host runs kubeadm. The API wants one field at least; this is the default of one. */
const KUBEADM = { format: "cloud-config" };

export interface ClusterClassOptions {
    /** Name of the ClusterClass, and first part of its templates' names. */
    name: string;
    /** Namespace of the class, the clusters and the hosts: CAPM3 takes only hosts of a machine's own namespace. */
    namespace: string;
    image: MachineImage;
}

/**
 * The ClusterClass of the workload clusters and its templates, templates first: the class is refused where they are not
 * there yet.
 */
export function clusterClassObjects(options: ClusterClassOptions): Manifest[] {
    return [
        infrastructureTemplate(options),
        controlPlaneTemplate(options),
        machineTemplate(options, "control-plane"),
        machineTemplate(options, "worker"),
        workerBootstrapTemplate(options),
        clusterClass(options),
    ];
}

function metadata(options: ClusterClassOptions, suffix?: string): Manifest["metadata"] {
    return { name: suffix === undefined ? options.name : `${options.name}-${suffix}`, namespace: options.namespace };
}

function infrastructureTemplate(options: ClusterClassOptions): Manifest {
    return {
        apiVersion: INFRASTRUCTURE,
        kind: "Metal3ClusterTemplate",
        metadata: metadata(options),
        spec: {
            template: {
                spec: {
                    // CAPM3's webhook wants an endpoint here too; the class's patch puts each cluster's own in its
                    // place.
                    controlPlaneEndpoint: { host: "127.0.0.1", port: 6443 },
                    // No cloud provider runs in a fake cluster: CAPM3 finds a Node by its label metal3.io/uuid.
                    cloudProviderEnabled: false,
                },
            },
        },
    };
}

function controlPlaneTemplate(options: ClusterClassOptions): Manifest {
    return {
        apiVersion: CONTROL_PLANE,
        kind: "KubeadmControlPlaneTemplate",
        metadata: metadata(options, "control-plane"),
        spec: { template: { spec: { kubeadmConfigSpec: KUBEADM } } },
    };
}

function machineTemplate(options: ClusterClassOptions, role: "control-plane" | "worker"): Manifest {
    return {
        apiVersion: INFRASTRUCTURE,
        kind: "Metal3MachineTemplate",
        metadata: metadata(options, role),
        spec: {
            template: {
                // No automatedCleaningMode: hosts have theirs, and where a template has one CAPM3 writes it into all
                // its machines at every event of any of them (v1.13.2, metal3machinetemplate_manager.go): 16 writes a
                // cluster, many refused for conflicts.
                spec: { image: { ...options.image } },
            },
        },
    };
}

function workerBootstrapTemplate(options: ClusterClassOptions): Manifest {
    return {
        apiVersion: BOOTSTRAP,
        kind: "KubeadmConfigTemplate",
        metadata: metadata(options, "worker"),
        spec: { template: { spec: KUBEADM } },
    };
}

function clusterClass(options: ClusterClassOptions): Manifest {
    const reference = (apiVersion: string, kind: string, suffix?: string): object => ({
        templateRef: { apiVersion, kind, name: metadata(options, suffix).name },
    });
    return {
        apiVersion: CLUSTER_API,
        kind: "ClusterClass",
        metadata: metadata(options),
        spec: {
            infrastructure: {
                ...reference(INFRASTRUCTURE, "Metal3ClusterTemplate"),
                naming: { template: "{{ .cluster.name }}" },
            },
            controlPlane: {
                ...reference(CONTROL_PLANE, "KubeadmControlPlaneTemplate", "control-plane"),
                machineInfrastructure: reference(INFRASTRUCTURE, "Metal3MachineTemplate", "control-plane"),
                naming: { template: "{{ .cluster.name }}-control-plane" },
                deletion: DELETION_LIMITS,
                metadata: {
                    annotations: {
                        // Nothing runs in a fake cluster: without these KCP reads and compares both at every reconcile.
                        "controlplane.cluster.x-k8s.io/skip-coredns": "",
                        "controlplane.cluster.x-k8s.io/skip-kube-proxy": "",
                    },
                },
            },
            workers: {
                machineDeployments: [
                    {
                        class: WORKER_CLASS,
                        bootstrap: reference(BOOTSTRAP, "KubeadmConfigTemplate", "worker"),
                        infrastructure: reference(INFRASTRUCTURE, "Metal3MachineTemplate", "worker"),
                        naming: { template: "{{ .cluster.name }}-{{ .machineDeployment.topologyName }}" },
                        deletion: DELETION_LIMITS,
                    },
                ],
            },
            kubernetesVersions: allKubernetesVersions(),
            variables: classVariables(options.image),
            patches: classPatches(),
        },
    };
}

export interface WorkloadClusterOptions {
    /** At most 63 characters: it is the value of a label of its hosts. */
    name: string;
    namespace: string;
    /** Name of the ClusterClass, in the same namespace. */
    className: string;
    /** Kubernetes version of the fake nodes, with its leading v. */
    kubernetesVersion: string;
    /** Odd, from 1. */
    controlPlaneNodes: number;
    /** From 0. */
    workerNodes: number;
    /**
     * Where the cluster's API is served. The host must be an IP address: the in-memory server's certificate covers no
     * name.
     */
    endpoint: { host: string; port: number };
    /** Index of the fake API server that serves it. */
    fakeApiServer: number;
    /** Hosts it waits for before it starts, from 1. Default: it starts at once. */
    queued?: number;
    /** Whether machines are let go of before their successors are made. Cluster API: three control planes at least. */
    rollsWithoutSpareHosts?: boolean;
}

/** One workload cluster. Without workers there is no MachineDeployment at all. */
export function workloadClusterObject(options: WorkloadClusterOptions): Manifest {
    return {
        apiVersion: CLUSTER_API,
        kind: "Cluster",
        metadata: {
            name: options.name,
            namespace: options.namespace,
            labels: { [FAKE_API_SERVER_LABEL]: String(options.fakeApiServer) },
            ...(options.queued === undefined
                ? {}
                : { annotations: { [PAUSED_ANNOTATION]: "", [QUEUED_ANNOTATION]: String(options.queued) } }),
        },
        spec: {
            topology: {
                classRef: { name: options.className },
                version: options.kubernetesVersion,
                controlPlane: { replicas: options.controlPlaneNodes },
                ...(options.workerNodes === 0
                    ? {}
                    : {
                          workers: {
                              machineDeployments: [
                                  {
                                      class: WORKER_CLASS,
                                      name: "workers",
                                      replicas: options.workerNodes,
                                      ...(options.rollsWithoutSpareHosts ? { rollout: WORKERS_WITHOUT_SURGE } : {}),
                                  },
                              ],
                          },
                      }),
                variables: [
                    { name: "controlPlaneEndpoint", value: { ...options.endpoint } },
                    ...(options.rollsWithoutSpareHosts ? [{ name: WITHOUT_SPARE_HOSTS, value: true }] : []),
                ],
            },
        },
    };
}
