import * as addresses from "./addresses";
import type { LabConfig } from "./config/keys";
import * as identities from "./identities";
import { pairCount, pairRange, type HostRange } from "./pairs";
import * as sizes from "./sizes";

/** A fake bare-metal host. */
export interface HostPlan {
    index: number;
    name: string;
    uuid: string;
    mac: string;
    /** Address of its NIC, inventory only. */
    address: string;
    pair: number;
    /** The cluster whose machines it is set aside for, whether or not that cluster exists yet. */
    cluster: string;
    /** Whether it is made paused, to begin when there is room for it. */
    queued: boolean;
}

/** A sushy-tools and a fake-ipa that serve a fixed range of hosts. */
export interface PairPlan {
    index: number;
    name: string;
    sushyToolsAddress: string;
    fakeIpaAddress: string;
    /** Every host of its range, also those beyond `nodes`: its configuration never changes. */
    hosts: HostPlan[];
}

export interface ConductorPlan {
    index: number;
    provisioningIp: string;
}

export interface FakeApiServerPlan {
    index: number;
    name: string;
    /** Hosts in work from which it lets no queued one in. Undefined: another one does that, or none. */
    hostsAtOnce?: number;
}

export interface ClusterPlan {
    index: number;
    name: string;
    /** Port of its API server, declared in its controlPlaneEndpoint. */
    port: number;
    fakeApiServer: number;
    /** Whether it is made paused, to start when its hosts are available. */
    queued: boolean;
}

/** Everything the lab will be, as a function of the configuration and the stack's seed. */
export interface LabPlan {
    /** First part of every Docker name; tells labs on one machine apart. */
    prefix: string;
    network: addresses.Network;
    gateway: string;
    /** Name of the embedded Kubernetes node, and of its container. */
    nodeName: string;
    nodeAddress: string;
    clusterDns: string;
    apiPort: number;
    hosts: HostPlan[];
    pairs: PairPlan[];
    conductors: ConductorPlan[];
    fakeApiServers: FakeApiServerPlan[];
    clusters: ClusterPlan[];
    /** Index of the fake API server that serves, or would serve, the cluster of a port. */
    fakeApiServerOfPort: (port: number) => number;
    hostsPerCluster: number;
    controllers: sizes.ControllerSizes;
    ironic: sizes.IronicSizes;
    /** Whether FKAS makes the secrets of a cluster before Cluster API looks for them. */
    precreateSecrets: boolean;
    waitSeconds: number;
}

const indices = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/**
 * @param config judged configuration.
 * @param seed the stack's name: two stacks have other UUIDs, MAC addresses and ports.
 */
export function plan(config: LabConfig, seed: string): LabPlan {
    const network = addresses.parseNetwork(config.provisioningCidr);
    const each = sizes.hostsPerCluster(config);
    const host = (index: number, pair: number): HostPlan => ({
        index,
        name: identities.hostName(index),
        uuid: identities.hostUuid(seed, index),
        mac: identities.hostMac(seed, index),
        address: addresses.hostAddress(index),
        pair,
        cluster: identities.clusterName(Math.floor(index / each)),
        queued: sizes.isHostQueued(index, config),
    });
    const pairs = indices(pairCount(config.nodes, config.nodesPerPair)).map((index): PairPlan => {
        const range: HostRange = pairRange(index, config.nodesPerPair);
        const { sushyTools, fakeIpa } = addresses.pairAddresses(network, index);
        return {
            index,
            name: `pair-${String(index).padStart(3, "0")}`,
            sushyToolsAddress: sushyTools,
            fakeIpaAddress: fakeIpa,
            hosts: indices(range.count).map((offset) => host(range.first + offset, index)),
        };
    });
    return {
        prefix: identities.labPrefix(seed),
        network,
        gateway: addresses.gatewayAddress(network),
        nodeName: identities.nodeName(seed),
        nodeAddress: addresses.kubernetesNodeAddress(network, 0),
        clusterDns: addresses.addressAt(addresses.parseNetwork(config.serviceCidr), 10),
        apiPort: config.apiPort ?? identities.defaultApiPort(seed),
        hosts: pairs.flatMap((pair) => pair.hosts).filter(({ index }) => index < config.nodes),
        pairs,
        conductors: indices(sizes.conductorCount(config.nodes, config.conductors)).map((index) => ({
            index,
            provisioningIp: addresses.conductorAddress(network, index),
        })),
        fakeApiServers: indices(sizes.fakeApiServerCount(config.clusters, config.fakeApiServers)).map((index) => ({
            index,
            name: `fkas-${index}`,
            // There is one queue of hosts.
            ...(index === 0 && config.tuning === "lab" ? { hostsAtOnce: config.hostsAtOnce } : {}),
        })),
        clusters: indices(config.clusters).map((index) => ({
            index,
            name: identities.clusterName(index),
            port: addresses.CLUSTER_PORTS.first + index,
            fakeApiServer: sizes.fakeApiServerOf(index, config.fakeApiServers),
            queued: sizes.isClusterQueued(index, config),
        })),
        fakeApiServerOfPort: (port) =>
            sizes.fakeApiServerOf(port - addresses.CLUSTER_PORTS.first, config.fakeApiServers),
        hostsPerCluster: each,
        controllers: sizes.controllerSizes(config),
        ironic: sizes.ironicSizes(config.tuning),
        precreateSecrets: config.tuning === "lab",
        waitSeconds: config.waitTimeout ?? sizes.waitSeconds(config.nodes, config.clusters),
    };
}
