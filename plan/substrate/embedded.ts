import * as addresses from "../addresses";
import type { LabConfig } from "../config/keys";
import * as identities from "../identities";
import type { MachineSubstrate } from "./base";

/** A Kubernetes in one Docker container, on a Docker network. */
export interface EmbeddedPlan extends MachineSubstrate {
    kind: "embedded";
    node: NodePlan;
}

/** The node of a management cluster that the lab itself makes. */
export interface NodePlan {
    /** Name of the Kubernetes node, and of its container. */
    name: string;
    /** Address on the provisioning network. */
    address: string;
    /** Port of the Kubernetes API on 127.0.0.1. */
    apiPort: number;
    /** Address of the Service `kubernetes`. */
    apiServiceAddress: string;
    /** Address of the Service of the cluster's DNS. */
    dnsAddress: string;
}

/** Offset of the DNS Service's address in the Service network; kubeadm uses the same. */
const DNS_OFFSET = 10;

/** Name of the class of the volumes on the node's own disk. */
const NODE_STORAGE_CLASS = "lab-node";

/** @param seed the stack's name */
export function embeddedPlan(config: LabConfig, seed: string): EmbeddedPlan {
    const network = addresses.parseNetwork(config.provisioningCidr);
    const services = addresses.parseNetwork(config.serviceCidr);
    const address = addresses.kubernetesNodeAddress(network, 0);
    return {
        kind: "embedded",
        serviceAddress: address,
        storageClass: NODE_STORAGE_CLASS,
        dockerNetwork: identities.labPrefix(seed),
        gateway: addresses.gatewayAddress(network),
        containers: [identities.nodeName(seed)],
        copiedInto: identities.nodeName(seed),
        node: {
            name: identities.nodeName(seed),
            address,
            apiPort: config.apiPort ?? identities.defaultApiPort(seed),
            apiServiceAddress: addresses.addressAt(services, 1),
            dnsAddress: addresses.addressAt(services, DNS_OFFSET),
        },
    };
}
