import { createHash } from "node:crypto";
import { v5 as uuidv5 } from "uuid";
import { API_PORTS } from "./config/limits";

/** Namespace of every UUID this program derives (RFC 9562, version 5). */
const UUID_NAMESPACE = "7f0e2a52-5a0f-4c1e-9d1c-2d0a6f8f3b11";

/** UUID of host `index`: its Redfish system. A function of the seed and the index. */
export const hostUuid = (seed: string, index: number): string => uuidv5(`${seed}/host/${index}`, UUID_NAMESPACE);

/**
 * A MAC address, locally administered and unicast where its first octet says so (IEEE 802: second-lowest bit set,
 * lowest clear).
 */
function labMac(seed: string, first: number, last: number): string {
    const lab = createHash("sha256").update(seed).digest()[0] ?? 0;
    const octets = [first, lab, ...[24, 16, 8, 0].map((shift) => (last >>> shift) & 0xff)];
    return octets.map((octet) => octet.toString(16).padStart(2, "0")).join(":");
}

/**
 * MAC address of NIC `number` of host `index`: the first octet tells NICs apart, the second labs, four count the hosts.
 * @param number from 0, which is the NIC that the host boots from, to 61
 */
export const hostMac = (seed: string, index: number, number = 0): string => labMac(seed, 0x02 + 4 * number, index);

/** MAC address of a switch of a rack. No NIC of a host has its first octet. @param name a letter */
export const switchMac = (seed: string, rack: number, name: string): string =>
    labMac(seed, 0xfe, rack * 256 + name.charCodeAt(0));

/** Namespace of Ironic, the hosts and the clusters in the management cluster. */
export const NAMESPACE = "metal3";

/** Port of sushy-tools within the address of its pair: upstream's default. */
export const SUSHY_TOOLS_PORT = 8000;

/** Port of fake-ipa within the address of its pair: upstream's default. */
export const FAKE_IPA_PORT = 9999;

/** User of all BMCs. */
export const BMC_USERNAME = "admin";

/** First part of every name that a lab has on the machine, such as that of a container. */
export const labPrefix = (seed: string): string => `m3lab-${seed}`;

/** The last part of a stack's name, which may have organisation and project: organisation/project/stack. */
export const stackName = (stack: string): string => stack.split("/").at(-1) as string;

/** The same for a stack by its name, with or without organisation and project. */
export const stackPrefix = (stack: string): string => labPrefix(stackName(stack));

/** Last part of the name of the Kubernetes node that holds the control plane. */
export const CONTROL_PLANE = "control-plane";

/** Part of the names of the Kubernetes nodes beside it, before their index. */
export const WORKER = "worker";

/** First part of the names of all workers of a lab. */
export const workerPrefix = (seed: string): string => `${labPrefix(seed)}-${WORKER}-`;

/** Name of the Kubernetes node `index` beside the control plane, from 1 on, and of its container. */
export const workerName = (seed: string, index: number): string => `${workerPrefix(seed)}${index}`;

/** Name of the Kubernetes node that holds the control plane, and of its container. */
export const nodeName = (seed: string): string => `${labPrefix(seed)}-${CONTROL_PLANE}`;

/** Port of the lab's Kubernetes API on the loopback interface when `apiPort` is not set, by the seed. */
export const defaultApiPort = (seed: string): number =>
    API_PORTS.first + (createHash("sha256").update(`${seed}/apiPort`).digest().readUInt16BE(0) % API_PORTS.count);

const padded = (index: number): string => String(index).padStart(4, "0");

/** Name of the BareMetalHost `index`. */
export const hostName = (index: number): string => `host-${padded(index)}`;

/** Name of the workload cluster `index`. */
export const clusterName = (index: number): string => `cluster-${padded(index)}`;

/** Whether {@link hostName} gives a name, for some index. */
export const isHostName = (name: string): boolean => /^host-\d{4,}$/.test(name);

/** Whether {@link clusterName} gives a name, for some index. */
export const isClusterName = (name: string): boolean => /^cluster-\d{4,}$/.test(name);
