import * as addresses from "../addresses";
import type { LabConfig } from "../config/keys";
import * as identities from "../identities";
import { libvirtNetworkPlan, type LibvirtNetworkPlan } from "../libvirt-network";
import type { MachineSubstrate } from "./base";

/** Kubernetes in minikube's machine, a virtual machine on a libvirt network or a container on a Docker network. */
export interface MinikubePlan extends MachineSubstrate {
    kind: "minikube";
    /** What the machine is: a virtual machine under KVM, or a container. */
    driver: "kvm2" | "docker";
    /** Name of the profile; also of the machine, and of the Kubernetes node. */
    profile: string;
    /** Version of the management cluster, with its "v": the newest that the pinned minikube knows. */
    kubernetesVersion: string;
    /** Networks of pods and Services, as the configuration has them. */
    podCidr: string;
    serviceCidr: string;
    /** Address of the machine on the provisioning network. */
    address: string;
    cpus: number;
    memoryMib: number;
    /** Disk of the virtual machine. */
    diskGib: number;
    /** Image of the container; `built`: the one that is built on this machine; undefined: minikube's own. */
    baseImage?: string;
    /** Connection to the libvirt daemon, and the network that it has. Undefined with a driver that needs none. */
    libvirt?: { uri: string; network: LibvirtNetworkPlan };
}

/** The newest Kubernetes that minikube 1.38.1 knows (its constants.NewestKubernetesVersion). */
const KUBERNETES_VERSION = "v1.35.1";

/** The class that minikube's addon makes, with volumes on the machine's disk. */
const STORAGE_CLASS = "standard";

/**
 * Size of the machine where none is configured: the published lab takes 4 processors and 10 GiB for 20 hosts, and 20 to
 * 24 processors and 32 GiB or more for 1000.
 */
const LEAST_CPUS = 4;
const HOSTS_PER_CPU = 50;
const MOST_CPUS = 24;
const LEAST_MEMORY_MIB = 10_240;
const MEMORY_PER_HOST_MIB = 22;

/** @param seed the stack's name */
export function minikubePlan(config: LabConfig, seed: string): MinikubePlan {
    const network = addresses.parseNetwork(config.provisioningCidr);
    const address = addresses.kubernetesNodeAddress(network, 0);
    const profile = identities.labPrefix(seed);
    const { minikubeDriver: driver, minikubeBaseImage, nodes } = config;
    return {
        kind: "minikube",
        driver,
        profile,
        kubernetesVersion: KUBERNETES_VERSION,
        serviceAddress: address,
        // As kubeadm sets `--listen-metrics-urls`.
        own: { nodes: [{ name: profile, address }], etcdMetricsPort: 2381 },
        storageClass: STORAGE_CLASS,
        // Not the profile's name: `minikube delete` removes a network of that name, whoever made it.
        dockerNetwork: `${profile}-provisioning`,
        gateway: addresses.gatewayAddress(network),
        containers: driver === "docker" ? [profile] : [],
        copiedInto: [],
        podCidr: config.podCidr,
        serviceCidr: config.serviceCidr,
        address,
        cpus: config.minikubeCpus ?? Math.min(MOST_CPUS, LEAST_CPUS + Math.floor(nodes / HOSTS_PER_CPU)),
        memoryMib: config.minikubeMemory ?? LEAST_MEMORY_MIB + MEMORY_PER_HOST_MIB * nodes,
        diskGib: config.minikubeDisk,
        ...(minikubeBaseImage === undefined ? {} : { baseImage: minikubeBaseImage }),
        ...(driver === "kvm2" ? { libvirt: libvirt(config, seed, profile) } : {}),
    };
}

const libvirt = ({ libvirtUri, libvirtNetwork, provisioningCidr }: LabConfig, seed: string, machine: string) => ({
    uri: libvirtUri,
    network: libvirtNetworkPlan(seed, libvirtNetwork, provisioningCidr, machine),
});
