import * as addresses from "../addresses";
import type { LabConfig } from "../config/keys";
import * as identities from "../identities";
import type { MachineSubstrate } from "./base";
import { mostPods, podRange, podRoutes } from "./pod-ranges";

/** A Kubernetes in Docker containers, one for each node, on a Docker network. */
export interface EmbeddedPlan extends MachineSubstrate {
    kind: "embedded";
    /** The node with the control plane. It takes pods, too. */
    node: ControlPlanePlan;
    /** The nodes beside it. */
    workers: NodePlan[];
}

/** A node of a management cluster that the lab itself makes. */
export interface NodePlan {
    /** 0: the control plane. Workers count from 1 on. */
    index: number;
    /** Name of the Kubernetes node, and of its container. */
    name: string;
    /** Address on the provisioning network. */
    address: string;
    /** Part of the pod network from which its pods have their addresses. */
    podRange: string;
    /** Most pods that it takes. */
    mostPods: number;
    /** Ranges of the pods of all other nodes that there can be, and the address of the node of each. */
    podRoutes: { range: string; via: string }[];
}

export interface ControlPlanePlan extends NodePlan {
    /** Port of the Kubernetes API on 127.0.0.1. */
    apiPort: number;
    /** Address of the Service `kubernetes`. */
    apiServiceAddress: string;
    /** Address of the Service of the cluster's DNS. */
    dnsAddress: string;
}

/** Offset of the DNS Service's address in the Service network; kubeadm uses the same. */
const DNS_OFFSET = 10;

/** Name of the class of the volumes on the control plane's own disk. */
const NODE_STORAGE_CLASS = "lab-node";

/** @param seed the stack's name */
export function embeddedPlan(config: LabConfig, seed: string): EmbeddedPlan {
    const provisioning = addresses.parseNetwork(config.provisioningCidr);
    const pods = addresses.parseNetwork(config.podCidr);
    const services = addresses.parseNetwork(config.serviceCidr);
    const nodePlan = (index: number, name: string): NodePlan => {
        const range = podRange(pods, index);
        return {
            index,
            name,
            address: addresses.kubernetesNodeAddress(provisioning, index),
            podRange: range.cidr,
            mostPods: mostPods(range),
            podRoutes: podRoutes({ pods, provisioning }, index),
        };
    };
    const node: ControlPlanePlan = {
        ...nodePlan(0, identities.nodeName(seed)),
        apiPort: config.apiPort ?? identities.defaultApiPort(seed),
        apiServiceAddress: addresses.addressAt(services, 1),
        dnsAddress: addresses.addressAt(services, DNS_OFFSET),
    };
    const workers = Array.from({ length: config.embeddedWorkers }, (_, index) =>
        nodePlan(index + 1, identities.workerName(seed, index + 1)),
    );
    const names = [node, ...workers].map(({ name }) => name);
    return {
        kind: "embedded",
        serviceAddress: node.address,
        storageClass: NODE_STORAGE_CLASS,
        dockerNetwork: identities.labPrefix(seed),
        gateway: addresses.gatewayAddress(provisioning),
        own: {
            nodes: [node, ...workers].map(({ name, address }) => ({ name, address })),
            // That for clients.
            etcdMetricsPort: 2379,
        },
        containers: names,
        copiedInto: names,
        node,
        workers,
    };
}
