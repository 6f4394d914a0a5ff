import * as addresses from "./addresses";
import { bmcPlan, redfishUrl, type BmcPlan } from "./bmc";
import type { LabConfig } from "./config/keys";
import { nicsOf, type Nic } from "./host-nics";
import { profileByIndex, profileNamed } from "./host-profiles/mix";
import * as identities from "./identities";
import { pairCount, pairRange, type HostRange } from "./pairs";
import { profile, withLimit, type Profile } from "./profiles";
import { byServices, fakeNodesOf, onProvisioningNetwork, pairName, type Reach } from "./reach";
import { withSharedCluster } from "./shared-cluster";
import * as sizes from "./sizes";
import { substratePlan, type SubstratePlan } from "./substrate/plan";
import { withoutDeviations } from "./without";

/** A fake bare-metal host. */
export interface HostPlan extends BmcPlan {
    index: number;
    name: string;
    uuid: string;
    /** MAC address of the NIC that it boots from, the first. */
    mac: string;
    /** Address of that NIC, inventory only. */
    address: string;
    nics: Nic[];
    /** Name of its profile: what hardware it has. */
    profile: string;
    /** Index of the pair that serves it. */
    pair: number;
    /** Whether it is created paused, until FKAS releases it. */
    queued: boolean;
}

/** A sushy-tools and a fake-ipa that serve a fixed range of hosts. */
export interface PairPlan {
    index: number;
    name: string;
    /** Hosts at which its BMCs and its agents are reached: addresses, or names of a Service. */
    sushyToolsHost: string;
    fakeIpaHost: string;
    /** Base URL of its BMCs. */
    redfishUrl: string;
    /** Every host of its range, also those beyond `nodes`, so that its configuration never changes. */
    hosts: HostPlan[];
}

export interface ConductorPlan {
    index: number;
    /** Where it is reached: its provisioning IP, or the name of its Service. */
    host: string;
}

export interface FakeApiServerPlan {
    index: number;
    name: string;
    /**
     * Hosts that it lets be provisioned at the same time; `auto`: it decides. Undefined: another instance releases
     * hosts, or none does.
     */
    hostsAtOnce?: number | "auto";
    /**
     * Clusters whose machines it has replaced at the same time; `auto`: as many as hosts that it lets be provisioned.
     * Undefined: as many as there are hosts for.
     */
    rolloutsAtOnce?: number | "auto";
    /** Whether it assigns hosts to clusters, those of all instances. */
    assignsHosts: boolean;
}

export interface ClusterPlan {
    index: number;
    name: string;
    /** Port of its API server, declared in its controlPlaneEndpoint. */
    port: number;
    /** Index of the FKAS instance that serves it. */
    fakeApiServer: number;
    /** Whether it is created paused, until its hosts are available. */
    queued: boolean;
}

/** Everything the lab will be, as a function of the configuration and the stack's seed. */
export interface LabPlan {
    /** First part of every Docker name; tells labs on one machine apart. */
    prefix: string;
    /** Namespace of Ironic, the hosts and the clusters: CAPM3 takes only hosts of a machine's own namespace. */
    namespace: string;
    /** The provisioning network. */
    network: addresses.Network;
    substrate: SubstratePlan;
    /** How conductors, pairs and Ironic's API reach each other. */
    reach: Reach;
    hosts: HostPlan[];
    pairs: PairPlan[];
    conductors: ConductorPlan[];
    fakeApiServers: FakeApiServerPlan[];
    clusters: ClusterPlan[];
    /** Index of the fake API server that serves, or would serve, the cluster of a port. */
    fakeApiServerOfPort: (port: number) => number;
    /** Machines of each cluster. */
    machinesPerCluster: number;
    /** Whether machines are let go of before their successors are made, since there is no host for both. */
    rollsWithoutSpareHosts: boolean;
    /** The settings of all parts, by `tuning` and size. */
    profile: Profile;
    waitSeconds: number;
}

const indices = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/**
 * @param config the validated configuration.
 * @param seed the stack's name: two stacks have other UUIDs, MAC addresses and ports.
 */
export function plan(config: LabConfig, seed: string): LabPlan {
    const network = addresses.parseNetwork(config.provisioningCidr);
    const each = config.controlPlaneNodes + config.workerNodes;
    const settings = withSharedCluster(
        withLimit(withoutDeviations(profile(config.tuning, config.nodes), config.without), config),
        config,
    );
    const substrate = substratePlan(config, seed);
    const { serviceAddress } = substrate;
    const { namespace } = config;
    const reach =
        fakeNodesOf(config) === "docker" && serviceAddress !== undefined
            ? onProvisioningNetwork(network, serviceAddress)
            : byServices(namespace);
    const queue = { hostQueue: settings.hostQueue, hostsAtOnce: config.hostsAtOnce };
    const hostsAtOnce = queue.hostQueue ? (config.hostsAtOnce ?? "auto") : undefined;
    const rolloutsAtOnce = config.rolloutsAtOnce ?? hostsAtOnce;
    const profileOf = profileByIndex(config.hostProfiles);
    const host = (index: number, pair: number): HostPlan => {
        const hardware = profileNamed(config.hostProfiles, profileOf(index));
        const uuid = identities.hostUuid(seed, index);
        return {
            index,
            name: identities.hostName(index),
            uuid,
            mac: identities.hostMac(seed, index),
            address: addresses.hostAddress(index),
            profile: profileOf(index),
            nics: nicsOf(hardware, seed, index),
            pair,
            ...bmcPlan(reach.pairHosts(pair).sushyTools, uuid, hardware, config),
            queued: sizes.isHostQueued(index, queue),
        };
    };
    const pairs = indices(pairCount(config.nodes, config.nodesPerPair)).map((index): PairPlan => {
        const range: HostRange = pairRange(index, config.nodesPerPair);
        const { sushyTools, fakeIpa } = reach.pairHosts(index);
        return {
            index,
            name: pairName(index),
            sushyToolsHost: sushyTools,
            fakeIpaHost: fakeIpa,
            redfishUrl: redfishUrl(sushyTools, config),
            hosts: indices(range.count).map((offset) => host(range.first + offset, index)),
        };
    });
    return {
        prefix: identities.labPrefix(seed),
        namespace,
        network,
        substrate,
        reach,
        hosts: pairs.flatMap((pair) => pair.hosts).filter(({ index }) => index < config.nodes),
        pairs,
        conductors: indices(sizes.conductorCount(config.nodes, config.conductors)).map((index) => ({
            index,
            host: reach.conductorHost(index),
        })),
        fakeApiServers: indices(sizes.fakeApiServerCount(config.clusters, config.fakeApiServers)).map((index) => ({
            index,
            name: `fkas-${index}`,
            // There is one queue of hosts, so one instance releases them. The same one assigns them to clusters.
            ...(index === 0 && hostsAtOnce !== undefined ? { hostsAtOnce } : {}),
            ...(index === 0 && rolloutsAtOnce !== undefined ? { rolloutsAtOnce } : {}),
            assignsHosts: index === 0,
        })),
        clusters: indices(config.clusters).map((index) => ({
            index,
            name: identities.clusterName(index),
            port: addresses.CLUSTER_PORTS.first + index,
            fakeApiServer: sizes.fakeApiServerOf(index, config.fakeApiServers),
            queued: sizes.isClusterQueued(index, each, queue),
        })),
        fakeApiServerOfPort: (port) =>
            sizes.fakeApiServerOf(port - addresses.CLUSTER_PORTS.first, config.fakeApiServers),
        machinesPerCluster: each,
        rollsWithoutSpareHosts: sizes.rollsWithoutSpareHosts(config),
        profile: settings,
        waitSeconds: config.waitTimeout ?? sizes.waitSeconds(config.nodes, config.clusters),
    };
}
