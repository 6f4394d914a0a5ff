import { createHash } from "node:crypto";
import { v5 as uuidv5 } from "uuid";
import { addressAt, gatewayAddress, kubernetesNodeAddress, parseNetwork } from "./addresses";
import { labPrefix } from "./identities";

/** Namespace of the UUIDs of libvirt networks (RFC 9562, version 5). */
const UUID_NAMESPACE = "b0a5a5b2-6c0e-4e0b-9c64-0d6f2d7c1a57";

/** Offset of the last address that DHCP may lease: the conductors and pairs beyond it have fixed addresses. */
const LAST_LEASED_OFFSET = 15;

/** The provisioning network as libvirt is to have it, and the reservation for the node of the management cluster. */
export interface LibvirtNetworkPlan {
    /** Name in libvirt. */
    name: string;
    /**
     * UUID in libvirt. It follows from the stack, so the lab's own network is told from another one of the same name.
     */
    uuid: string;
    /** Name of the Linux bridge, at most 15 characters, which is the kernel's limit. */
    bridge: string;
    cidr: string;
    /** Address of the bridge, and of the machine on the network. */
    gateway: string;
    /** First and last address that DHCP leases. */
    leased: { first: string; last: string };
    /** What DHCP reserves for the node: its address follows from its MAC address. */
    node: { name: string; mac: string; address: string };
}

/** UUID of the network of the lab with that prefix (`LabPlan`). */
export const libvirtNetworkUuid = (prefix: string): string => uuidv5(`${prefix}/network`, UUID_NAMESPACE);

/**
 * @param seed the stack's name
 * @param name the network's name in libvirt
 * @param cidr the provisioning network, validated before
 */
export function libvirtNetworkPlan(seed: string, name: string, cidr: string, nodeName: string): LibvirtNetworkPlan {
    const network = parseNetwork(cidr);
    const hash = createHash("sha256").update(`${seed}/libvirt`).digest("hex");
    return {
        name,
        uuid: libvirtNetworkUuid(labPrefix(seed)),
        bridge: `m3lab-${hash.slice(0, 8)}`,
        cidr,
        gateway: gatewayAddress(network),
        leased: { first: kubernetesNodeAddress(network, 0), last: addressAt(network, LAST_LEASED_OFFSET) },
        // 52:54:00 is the prefix of QEMU's virtual network cards.
        node: {
            name: nodeName,
            mac: `52:54:00:${hash.slice(8, 10)}:${hash.slice(10, 12)}:${hash.slice(12, 14)}`,
            address: kubernetesNodeAddress(network, 0),
        },
    };
}
