import { z } from "zod";

/** What minikube is told of a machine. The Pulumi program hands it over as JSON. */
export const machineSchema = z.strictObject({
    profile: z.string(),
    driver: z.enum(["kvm2", "docker"]),
    kubernetesVersion: z.string(),
    podCidr: z.string(),
    serviceCidr: z.string(),
    /** Address of the machine on the provisioning network. */
    address: z.ipv4(),
    cpus: z.number(),
    memoryMib: z.number(),
    diskGib: z.number(),
    baseImage: z.string().optional(),
    /** Docker network that is the provisioning network, for the driver docker. */
    dockerNetwork: z.string(),
    /** libvirt's daemon, the provisioning network there, and the MAC address of the machine on it: driver kvm2. */
    libvirt: z.strictObject({ uri: z.string(), network: z.string(), mac: z.string() }).optional(),
});

export type MachineSpec = z.infer<typeof machineSchema>;

/** Port of the Kubernetes API on the machine: minikube's default. */
const API_PORT = 8443;

/** URL of the Kubernetes API on the provisioning network. It stays the same when the machine is started again. */
export const apiServerUrl = ({ address }: Pick<MachineSpec, "address">): string => `https://${address}:${API_PORT}`;

/** For the admission policies that the lab has, which Kubernetes 1.35 has as beta and switched off. */
const API_SERVER_OPTIONS = [
    "feature-gates=MutatingAdmissionPolicy=true",
    "runtime-config=admissionregistration.k8s.io/v1beta1=true,admissionregistration.k8s.io/v1alpha1=true",
];

/**
 * Arguments of `minikube start`, for a new machine and for one that has stopped.
 * @param isRoot minikube refuses root unless it is forced. Forced, it no longer checks processors and memory: the
 * program does that before (machine/minikube).
 */
export function startArguments(spec: MachineSpec, isRoot: boolean): string[] {
    return [
        "start",
        `--profile=${spec.profile}`,
        `--driver=${spec.driver}`,
        "--container-runtime=containerd",
        `--kubernetes-version=${spec.kubernetesVersion}`,
        `--cpus=${spec.cpus}`,
        `--memory=${spec.memoryMib}mb`,
        // One node needs no more, and the bridge plugin is part of every machine.
        "--cni=bridge",
        `--extra-config=kubeadm.pod-network-cidr=${spec.podCidr}`,
        `--service-cluster-ip-range=${spec.serviceCidr}`,
        `--apiserver-ips=${spec.address}`,
        ...API_SERVER_OPTIONS.map((option) => `--extra-config=apiserver.${option}`),
        // The user's current context stays what it is.
        "--keep-context",
        "--embed-certs",
        "--interactive=false",
        // Not the check "apiserver": it wants the very version asked for, and our own image has a later patch of it.
        "--wait=node_ready,kubelet,system_pods,default_sa",
        "--output=json",
        ...(isRoot ? ["--force"] : []),
        ...(spec.driver === "docker" ? dockerArguments(spec) : kvmArguments(spec)),
    ];
}

function dockerArguments({ dockerNetwork, address, baseImage }: MachineSpec): string[] {
    return [
        `--network=${dockerNetwork}`,
        `--static-ip=${address}`,
        // Our own image brings Kubernetes' programs and images along.
        ...(baseImage === undefined ? [] : [`--base-image=${baseImage}`, "--preload=false", "--cache-images=false"]),
    ];
}

/**
 * The provisioning network is not named here. As `--network` it would be minikube's private network, which `minikube
 * delete` removes; as `--kvm-network` minikube would choose the MAC address. The NIC is attached once the machine runs.
 */
function kvmArguments({ diskGib, libvirt }: MachineSpec): string[] {
    return [`--disk-size=${diskGib}g`, ...(libvirt === undefined ? [] : [`--kvm-qemu-uri=${libvirt.uri}`])];
}
