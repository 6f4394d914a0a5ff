import { HOST_CLUSTER_LABEL, WITHOUT_SPARE_HOSTS, WORKER_CLASS, WORKERS_WITHOUT_SURGE } from "./cluster-class-patches";
import type { Manifest } from "./documents";
import { QUEUED_ANNOTATION } from "./queued";

export { HOST_CLUSTER_LABEL } from "./cluster-class-patches";
export { FORMER_QUEUED_ANNOTATION, QUEUED_ANNOTATION, queuedValue, RELEASED_ANNOTATION } from "./queued";

/** The ClusterClass of every workload cluster. */
export const CLASS_NAME = "metal3-lab";

/** Cluster API's label of what belongs to a cluster. */
export const CLUSTER_NAME_LABEL = "cluster.x-k8s.io/cluster-name";

/**
 * The cluster whose machine has a host, by the host's labels: by CAPM3's, or by that with which FKAS gives hosts to
 * clusters. CAPM3 sets its own when it claims a host, and not on one that was deleted in use and made again.
 */
export const clusterOfHost = (labels: Readonly<Record<string, string>> | undefined): string | undefined =>
    labels?.[CLUSTER_NAME_LABEL] ?? labels?.[HOST_CLUSTER_LABEL];

/** Label of a Cluster: the index of the fake API server that serves it. */
export const FAKE_API_SERVER_LABEL = "metal3-scale-lab/fake-api-server";

/** loadBalancerClass of a Service that is reached at an address of a node, which FKAS or a conductor publishes. */
export const NODE_ADDRESS_CLASS = "metal3-scale-lab/node-address";

/** Annotation of a BareMetalHost that BMO leaves alone. */
export const BMO_PAUSED_ANNOTATION = "baremetalhost.metal3.io/paused";

/** Annotation of a BareMetalHost that is about to leave the lab, whatever its value: no machine is given it. */
export const LEAVING_ANNOTATION = "metal3-scale-lab/leaving";

/** Annotation of a Cluster for which Cluster API makes nothing until it is removed. */
export const PAUSED_ANNOTATION = "cluster.x-k8s.io/paused";

/** Version of the core API of Cluster API that the lab writes. */
export const CLUSTER_API = "cluster.x-k8s.io/v1beta2";

/** @typeParam Value a text, or one that is known only once something is made */
export interface WorkloadClusterOptions<Value = string> {
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
    endpoint: { host: Value; port: number };
    /** Index of the fake API server that serves it. */
    fakeApiServer: number;
    /** Hosts it waits for before it starts, from 1. Default: it starts at once. */
    queued?: number;
    /** Whether machines are let go of before their successors are made. Cluster API: three control planes at least. */
    rollsWithoutSpareHosts?: boolean;
}

/** One workload cluster. Without workers there is no MachineDeployment at all. */
export function workloadClusterObject<Value = string>(options: WorkloadClusterOptions<Value>): Manifest {
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
