import { createHash } from "node:crypto";
import { v5 as uuidv5 } from "uuid";
import { API_PORTS } from "./config/limits";

/** Namespace of every UUID this program derives (RFC 9562, version 5). */
const UUID_NAMESPACE = "7f0e2a52-5a0f-4c1e-9d1c-2d0a6f8f3b11";

/** UUID of host `index`: its Redfish system. A function of the seed and the index. */
export const hostUuid = (seed: string, index: number): string => uuidv5(`${seed}/host/${index}`, UUID_NAMESPACE);

/**
 * MAC address of host `index`: locally administered and unicast (IEEE 802: second-lowest bit of the first octet set,
 * lowest clear). One octet tells labs apart, four count the hosts.
 */
export function hostMac(seed: string, index: number): string {
    const lab = createHash("sha256").update(seed).digest()[0] ?? 0;
    const octets = [0x02, lab, ...[24, 16, 8, 0].map((shift) => (index >>> shift) & 0xff)];
    return octets.map((octet) => octet.toString(16).padStart(2, "0")).join(":");
}

/** Namespace of Ironic, the hosts and the clusters in the management cluster. */
export const NAMESPACE = "metal3";

/** Port of sushy-tools within the address of its pair: upstream's default. */
export const SUSHY_TOOLS_PORT = 8000;

/** Port of fake-ipa within the address of its pair: upstream's default. */
export const FAKE_IPA_PORT = 9999;

/** User of all BMCs. */
export const BMC_USERNAME = "admin";

/** Address of a host's BMC as BMO wants it: Redfish over plain HTTP. */
export const bmcAddress = (sushyTools: string, uuid: string): string =>
    `redfish+http://${sushyTools}:${SUSHY_TOOLS_PORT}/redfish/v1/Systems/${uuid}`;

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
