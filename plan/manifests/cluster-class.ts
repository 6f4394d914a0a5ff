import { createHash } from "node:crypto";
import { allKubernetesVersions } from "../config/kubernetes-versions";
import {
    classPatches,
    classVariables,
    CONTROL_PLANE,
    INFRASTRUCTURE,
    WORKER_CLASS,
    type MachineImage,
} from "./cluster-class-patches";
import { CLUSTER_API } from "./cluster-objects";
import type { Manifest } from "./documents";

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

/** An object of the class, with a name that stays the same when its content changes. */
export interface ClassObject {
    /** The object's kind and the first part of its name, in lower case. */
    key: string;
    manifest: Manifest;
}

/**
 * The ClusterClass of the workload clusters and its templates, templates first: the class is refused where they are not
 * there yet.
 *
 * The name of a template ends with a hash of its content. Cluster API and CAPM3 refuse changes of a template, so one
 * that changes, because the lab's own version does, is another template; the class then refers to it.
 */
export function clusterClassObjects(options: ClusterClassOptions): ClassObject[] {
    const objects = {
        cluster: classObject(infrastructureTemplate(options)),
        controlPlane: classObject(controlPlaneTemplate(options)),
        controlPlaneMachine: classObject(machineTemplate(options, "control-plane")),
        workerMachine: classObject(machineTemplate(options, "worker")),
        workerBootstrap: classObject(workerBootstrapTemplate(options)),
    };
    const manifest = clusterClass(options, objects);
    return [...Object.values(objects), { key: keyOf(manifest), manifest }];
}

/** The templates to which the class refers. */
type Templates = Record<
    "cluster" | "controlPlane" | "controlPlaneMachine" | "workerMachine" | "workerBootstrap",
    ClassObject
>;

const classObject = (template: Manifest): ClassObject => ({
    key: keyOf(template),
    manifest: namedByContent(template),
});

const keyOf = ({ kind, metadata }: Manifest): string => `${kind}-${metadata.name}`.toLowerCase();

/** Hexadecimal digits of the hash in a template's name. A lab has a handful of templates of one kind at most. */
const HASH_DIGITS = 8;

function namedByContent(template: Manifest): Manifest {
    const { apiVersion, spec, metadata } = template;
    const hash = createHash("sha256").update(JSON.stringify({ apiVersion, spec })).digest("hex");
    return { ...template, metadata: { ...metadata, name: `${metadata.name}-${hash.slice(0, HASH_DIGITS)}` } };
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

function clusterClass(options: ClusterClassOptions, templates: Templates): Manifest {
    const reference = ({ manifest: { apiVersion, kind, metadata } }: ClassObject): object => ({
        templateRef: { apiVersion, kind, name: metadata.name },
    });
    return {
        apiVersion: CLUSTER_API,
        kind: "ClusterClass",
        metadata: metadata(options),
        spec: {
            infrastructure: {
                ...reference(templates.cluster),
                naming: { template: "{{ .cluster.name }}" },
            },
            controlPlane: {
                ...reference(templates.controlPlane),
                machineInfrastructure: reference(templates.controlPlaneMachine),
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
                        bootstrap: reference(templates.workerBootstrap),
                        infrastructure: reference(templates.workerMachine),
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
