import * as ipaddr from "ipaddr.js";
import type { LabConfig } from "./config/keys";
import { LONGEST_POD_PREFIX, LONGEST_SERVICE_PREFIX, MAX_CONDUCTORS, PROVISIONING_PREFIX } from "./config/limits";
import { pairCount } from "./pairs";
import { conductorCount, fakeApiServerCount } from "./sizes";

/**
 * Where things live in the provisioning network, as offsets from its first address. The ranges are fixed, so that an
 * address is a function of an index alone:
 *   1 gateway | 2–15 Kubernetes nodes | 16–99 and from 150 on: pairs | 100–149 conductors, as in the published lab
 */
const GATEWAY = 1;
const KUBERNETES_NODES = { first: 2, count: 14 };
const CONDUCTORS = { first: 100, count: MAX_CONDUCTORS };
const PAIRS_LOW = { first: 16, count: 84 };
const PAIRS_HIGH_FIRST = CONDUCTORS.first + CONDUCTORS.count;

/** Ports of the workload clusters' API servers; below Kubernetes' NodePort range, which begins at 30000. */
export const CLUSTER_PORTS = { first: 20_000, count: 10_000 };

/** Port of Ironic's API: upstream's default, at which charts/ironic serves it. */
export const IRONIC_API_PORT = 6385;

/** Base URL of Ironic's API, for agents and for whoever asks from outside the cluster. */
export const ironicUrl = (host: string): string => `https://${host}:${IRONIC_API_PORT}`;

export interface Network {
    /** First address as a number. */
    base: number;
    /** Number of addresses. */
    size: number;
    prefix: number;
    cidr: string;
}

/** @throws Error when `cidr` is not an IPv4 network; the configuration was validated before. */
export function parseNetwork(cidr: string): Network {
    const [address, prefix] = ipaddr.IPv4.parseCIDR(cidr);
    const base = toNumber(ipaddr.IPv4.networkAddressFromCIDR(cidr));
    if (toNumber(address) !== base) {
        throw new Error(`${cidr} has bits set beyond its prefix`);
    }
    return { base, size: sizeOf(prefix), prefix, cidr };
}

/** The address at `offset` of the network. @throws RangeError beyond it. */
export function addressAt(network: Network, offset: number): string {
    if (offset < 0 || offset >= network.size) {
        throw new RangeError(`${network.cidr} has no address ${offset}`);
    }
    return fromNumber(network.base + offset);
}

export const gatewayAddress = (network: Network): string => addressAt(network, GATEWAY);

/** Address of Kubernetes node `index` (0: the control plane). */
export const kubernetesNodeAddress = (network: Network, index: number): string =>
    addressAt(network, KUBERNETES_NODES.first + index);

/** Provisioning IP of conductor `index`. */
export const conductorAddress = (network: Network, index: number): string =>
    addressAt(network, CONDUCTORS.first + index);

/** Every address a conductor may ever have: what its certificate covers, so that a new conductor needs no new one. */
export const allConductorAddresses = (network: Network): string[] =>
    Array.from({ length: CONDUCTORS.count }, (_, index) => conductorAddress(network, index));

/** How many addresses after sushy-tools the fake-ipa of a pair is. */
export const FAKE_IPA_OFFSET = 1;

/** Addresses of pair `index`: sushy-tools, then fake-ipa. The numbers of addresses of the ranges are even. */
export function pairAddresses(network: Network, index: number): { sushyTools: string; fakeIpa: string } {
    const offset = (slot: number) =>
        slot < PAIRS_LOW.count ? PAIRS_LOW.first + slot : PAIRS_HIGH_FIRST + slot - PAIRS_LOW.count;
    const sushyTools = offset(2 * index);
    return { sushyTools: addressAt(network, sushyTools), fakeIpa: addressAt(network, sushyTools + FAKE_IPA_OFFSET) };
}

/** Most pairs a network holds; its last address is the broadcast address. */
export const pairCapacity = (network: Network): number =>
    Math.floor((PAIRS_LOW.count + network.size - 1 - PAIRS_HIGH_FIRST) / 2);

/** NIC address of host `index`, inventory only: RFC 6598's shared address space belongs to no lab's network. */
export const hostAddress = (index: number): string => fromNumber(toNumber(ipaddr.IPv4.parse("100.64.0.0")) + index + 1);

/** Whether two networks share an address. */
export const overlap = (a: Network, b: Network): boolean => a.base < b.base + b.size && b.base < a.base + a.size;

interface AddressProblem {
    key: string;
    value?: string;
    rule: string;
}

/** Everything about addresses and ports that cannot work. Keys that are absent are skipped. */
export function addressProblems(config: Partial<LabConfig>): AddressProblem[] {
    const problems: AddressProblem[] = [];
    const networks: Partial<Record<"provisioningCidr" | "podCidr" | "serviceCidr", Network>> = {};
    for (const key of ["provisioningCidr", "podCidr", "serviceCidr"] as const) {
        const cidr = config[key];
        if (cidr === undefined) {
            continue;
        }
        try {
            const network = parseNetwork(cidr);
            for (const [other, known] of Object.entries(networks)) {
                if (overlap(known, network)) {
                    problems.push({ key, value: cidr, rule: `must not overlap ${other} ${known.cidr}` });
                }
            }
            networks[key] = network;
        } catch {
            problems.push({
                key,
                value: cidr,
                rule: "must be the first address of a network, such as 192.168.222.0/24",
            });
        }
    }
    const { provisioningCidr: provisioning, podCidr: pods, serviceCidr: services } = networks;
    if (pods && pods.prefix > LONGEST_POD_PREFIX) {
        const rule = `must be at least a /${LONGEST_POD_PREFIX} (${sizeOf(LONGEST_POD_PREFIX)} pods)`;
        problems.push({ key: "podCidr", value: pods.cidr, rule });
    }
    if (services && services.prefix > LONGEST_SERVICE_PREFIX) {
        const rule = `must be at least a /${LONGEST_SERVICE_PREFIX} (${sizeOf(LONGEST_SERVICE_PREFIX)} services)`;
        problems.push({ key: "serviceCidr", value: services.cidr, rule });
    }
    const { shortest, longest } = PROVISIONING_PREFIX;
    if (provisioning && (provisioning.prefix > longest || provisioning.prefix < shortest)) {
        problems.push({
            key: "provisioningCidr",
            value: provisioning.cidr,
            rule: `must be between a /${shortest} and a /${longest} (${sizeOf(longest)} addresses)`,
        });
    } else if (provisioning && config.nodes !== undefined && "nodesPerPair" in config) {
        const pairs = pairCount(config.nodes, config.nodesPerPair);
        if (pairs > pairCapacity(provisioning)) {
            problems.push({
                key: "nodes",
                value: String(config.nodes),
                rule:
                    `they need ${pairs} pairs, but ${provisioning.cidr} has addresses for ` +
                    `${pairCapacity(provisioning)}: ` +
                    "raise nodesPerPair or take a larger provisioningCidr",
            });
        }
    }
    if (config.nodes !== undefined && "conductors" in config) {
        const conductors = conductorCount(config.nodes, config.conductors);
        if (conductors > CONDUCTORS.count) {
            problems.push({
                key: "conductors",
                value: String(conductors),
                rule: `there are addresses for ${CONDUCTORS.count}`,
            });
        }
    }
    if (config.clusters !== undefined && "fakeApiServers" in config) {
        const servers = fakeApiServerCount(config.clusters, config.fakeApiServers);
        if (config.fakeApiServers !== undefined && servers > Math.max(config.clusters, 1)) {
            problems.push({
                key: "fakeApiServers",
                value: String(servers),
                rule: `${config.clusters} clusters leave some without work`,
            });
        }
    }
    return problems;
}

/** Number of addresses of a network with this prefix. */
const sizeOf = (prefix: number): number => 2 ** (32 - prefix);

const toNumber = (address: ipaddr.IPv4): number => address.toByteArray().reduce((sum, byte) => sum * 256 + byte, 0);
const fromNumber = (value: number): string =>
    [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
