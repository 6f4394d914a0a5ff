/** Name that the kernel keeps of containerd-shim-runc-v2: its first 15 characters (proc_pid_comm(5)). */
export const SHIM = "containerd-shim";

/** Components that run as processes of the node, by the first 15 characters of the program's name. */
const NODE_PROCESSES = new Map([
    ["kube-apiserver", "kube-apiserver"],
    ["kube-controller", "kube-controller-manager"],
    ["kube-scheduler", "kube-scheduler"],
    ["kube-proxy", "kube-proxy"],
    ["kubelet", "kubelet"],
    ["etcd", "etcd"],
    ["containerd", "containerd"],
    [SHIM, "containerd"],
]);

/** The component that a process of the node belongs to; undefined when it belongs to none. */
export function processComponent(processName: string): string | undefined {
    return NODE_PROCESSES.get(processName);
}

/** For each Deployment the name of its component, and which of its containers is the component itself. */
const WORKLOADS = new Map([
    ["ironic-conductor", { name: "ironic", main: "ironic" }],
    ["ironic-mariadb", { name: "mariadb", main: "mariadb" }],
    ["ironic-image-server", { name: "image-server", main: "nginx" }],
    ["baremetal-operator-controller-manager", { name: "bmo", main: "manager" }],
    ["capi-controller-manager", { name: "capi core", main: "manager" }],
    ["capi-kubeadm-control-plane-controller-manager", { name: "kcp", main: "manager" }],
    ["capi-kubeadm-bootstrap-controller-manager", { name: "bootstrap", main: "manager" }],
    ["capm3-controller-manager", { name: "capm3", main: "manager" }],
    ["ipam-controller-manager", { name: "ipam", main: "manager" }],
]);

/** Name of the component that a Deployment is, or the Deployment's own. */
export const componentOf = (deployment: string): string => WORKLOADS.get(deployment)?.name ?? deployment;

/** Kubernetes' alphabet of generated names: it has no vowels, 0, 1 or 3 (apimachinery, util/rand). */
const GENERATED = "[bcdfghjklmnpqrstvwxz2456789]";
/**
 * A ReplicaSet adds a hash of 32 bits to its Deployment's name, and five characters to the names of its pods. The pods
 * of a DaemonSet have the five characters alone.
 */
const GENERATED_SUFFIX = new RegExp(`(-${GENERATED}{6,10})?-${GENERATED}{5}$`);

/** The Deployment of a pod. Of several Deployments that are numbered from 0 it is the name without the number. */
export function workload(pod: string): string {
    return pod.replace(GENERATED_SUFFIX, "").replace(/-\d+$/, "");
}

/** A container of a pod as the container runtime knows it. */
export interface PodContainer {
    pod: string;
    /** Undefined for the sandbox, which only holds the pod's namespaces. */
    container?: string;
}

/**
 * The component that a pod's container belongs to: the name of the workload. A helper (a sidecar, an init container)
 * is a component of its own, with the container's name added.
 */
export function podComponent({ pod, container }: PodContainer): string {
    if (container === undefined) {
        return "pod sandboxes";
    }
    const deployment = workload(pod);
    const { name, main } = WORKLOADS.get(deployment) ?? { name: deployment, main: deployment };
    const isMain = container === main || container === name || (container === "manager" && main === deployment);
    return isMain ? name : `${name} ${container}`;
}

/**
 * The component that a part outside of Kubernetes belongs to: the parts of all pairs count together.
 * @param name of the part, without the lab's prefix
 */
export const partComponent = (name: string): string => name.replace(/^pair-\d+-/, "");
