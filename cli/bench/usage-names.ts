/** Components that run as processes of the node, by the name that the kernel keeps of them (its first 15 characters, proc(5): comm). */
const NODE_PROCESSES: Record<string, string> = {
    "kube-apiserver": "kube-apiserver",
    "kube-controller": "kube-controller-manager",
    "kube-scheduler": "kube-scheduler",
    "kube-proxy": "kube-proxy",
    kubelet: "kubelet",
    etcd: "etcd",
    containerd: "containerd",
    [shimName()]: "containerd",
};

/** containerd-shim-runc-v2, cut off by the kernel. */
export function shimName(): string {
    return "containerd-shim";
}

/** Component of a process of the node, undefined for one that is none. */
export function processComponent(comm: string): string | undefined {
    return Object.hasOwn(NODE_PROCESSES, comm) ? NODE_PROCESSES[comm] : undefined;
}

/** What the pods of a Deployment are called here, and which of their containers is the component itself. */
const WORKLOADS: Record<string, { name: string; main: string }> = {
    "ironic-conductor": { name: "ironic", main: "ironic" },
    "ironic-mariadb": { name: "mariadb", main: "mariadb" },
    "ironic-image-server": { name: "image-server", main: "nginx" },
    "baremetal-operator-controller-manager": { name: "bmo", main: "manager" },
    "capi-controller-manager": { name: "capi core", main: "manager" },
    "capi-kubeadm-control-plane-controller-manager": { name: "kcp", main: "manager" },
    "capi-kubeadm-bootstrap-controller-manager": { name: "bootstrap", main: "manager" },
    "capm3-controller-manager": { name: "capm3", main: "manager" },
    "ipam-controller-manager": { name: "ipam", main: "manager" },
};

/** Kubernetes' alphabet of generated names: no vowels, nothing that looks like another (apimachinery, util/rand). */
const GENERATED = "[bcdfghjklmnpqrstvwxz2456789]";
/** What a ReplicaSet adds to its Deployment's name (a hash of 32 bits) and to its pods'; a DaemonSet's pods have the second alone. */
const GENERATED_SUFFIX = new RegExp(`(-${GENERATED}{6,10})?-${GENERATED}{5}$`);

/** What runs a pod: its Deployment, without the index where there are several alike. */
export function workload(pod: string): string {
    return pod.replace(GENERATED_SUFFIX, "").replace(/-\d+$/, "");
}

/** A container of a pod as the container runtime knows it. */
export interface PodContainer {
    pod: string;
    /** Undefined for the sandbox, which only holds the pod's namespaces. */
    container?: string;
}

/** Component of a pod's container: the workload's name, with the container's where it is a helper (a sidecar, an init container). */
export function podComponent({ pod, container }: PodContainer): string {
    if (container === undefined) {
        return "pod sandboxes";
    }
    const owner = workload(pod);
    const { name, main } = (Object.hasOwn(WORKLOADS, owner) ? WORKLOADS[owner] : undefined) ?? {
        name: owner,
        main: owner,
    };
    return container === main || container === name || (container === "manager" && main === owner)
        ? name
        : `${name} ${container}`;
}

/** Where a Docker container of a lab belongs. */
export type DockerRole = { node: true } | { component: string };

/** @param name without the lab's prefix and its dash, as the program names its containers. */
export function dockerRole(name: string): DockerRole {
    if (/^(control-plane|worker)(-\d+)?$/.test(name)) {
        return { node: true };
    }
    return { component: name.replace(/^pair-\d+-/, "") };
}
