import {
    CLUSTERS_PER_FAKE_API_SERVER,
    CONTROL_PLANES_TO_ROLL_WITHOUT_SPARE,
    HOSTS_IN_PROGRESS,
    LEAST_CONDUCTORS,
    NODES_PER_CONDUCTOR,
    SPARE_HOSTS_TO_ROLL,
    WAIT_SECONDS,
} from "./config/limits";

/** Conductors for so many hosts. Default: one per 250 hosts, two at least. */
export const conductorCount = (nodes: number, wanted?: number): number =>
    wanted ?? Math.max(LEAST_CONDUCTORS, Math.ceil(nodes / NODES_PER_CONDUCTOR));

/**
 * Index of the last conductor needed to serve hosts 0 to `index` (one per 250 hosts, at least two), capped at the
 * `count` of conductors. A function of the host's index, so that adding a conductor changes no existing host.
 */
export const lastConductorOf = (index: number, count: number): number => Math.min(conductorCount(index + 1), count) - 1;

/** Fake API servers for so many clusters. Default: one per 500 clusters, one at least. */
export const fakeApiServerCount = (clusters: number, wanted?: number): number =>
    wanted ?? Math.max(1, Math.ceil(clusters / CLUSTERS_PER_FAKE_API_SERVER));

/**
 * Index of the fake API server of cluster `index`. As many as were asked for share the clusters evenly; where the
 * number follows from the clusters, each serves a fixed block, so that one more moves none.
 */
export const fakeApiServerOf = (index: number, wanted?: number): number =>
    wanted === undefined ? Math.floor(index / CLUSTERS_PER_FAKE_API_SERVER) : index % wanted;

/** What decides whether hosts wait for others. */
export interface QueueSizes {
    /** Whether there is a queue at all (see plan/profiles.ts). */
    hostQueue: boolean;
    /** Hosts that are provisioned at the same time. Undefined: FKAS decides while the lab runs. */
    hostsAtOnce?: number | undefined;
}

/**
 * Whether host `index` is created paused, until there is room among the hosts that are being provisioned. Controllers
 * poll everything that waits: BMO a host in progress every 10 to 15 s, CAPM3 a Machine without a host every 30 s, KCP
 * the same every 20 s. For a thousand of each that is more than two cores have. A function of the index alone, so that
 * growing changes no existing host.
 */
export const isHostQueued = (
    index: number,
    { hostQueue, hostsAtOnce = HOSTS_IN_PROGRESS.first }: QueueSizes,
): boolean => hostQueue && index >= hostsAtOnce;

/** Whether cluster `index` is created paused until its hosts are available: so is each cluster with a queued host. */
export const isClusterQueued = (index: number, machines: number, queue: QueueSizes): boolean =>
    isHostQueued((index + 1) * machines - 1, queue);

/** What decides how machines are replaced. */
export interface RolloutSizes {
    nodes: number;
    clusters: number;
    controlPlaneNodes: number;
    workerNodes: number;
}

/** Hosts that no machine of the plan takes. Negative: so many are missing. */
export const spareHosts = ({ nodes, clusters, controlPlaneNodes, workerNodes }: RolloutSizes): number =>
    nodes - clusters * (controlPlaneNodes + workerNodes);

/** Whether a rollout makes a machine's successor first, as is Cluster API's default, and needs a spare host for it. */
export const needsSpareHosts = ({ controlPlaneNodes }: Pick<RolloutSizes, "controlPlaneNodes">): boolean =>
    controlPlaneNodes < CONTROL_PLANES_TO_ROLL_WITHOUT_SPARE;

/** Whether machines are let go of before their successors are made, since there is no host for both. */
export const rollsWithoutSpareHosts = (sizes: RolloutSizes): boolean =>
    !needsSpareHosts(sizes) && spareHosts(sizes) < SPARE_HOSTS_TO_ROLL;

/** Seconds that the end of `up` waits for the fleet when `waitTimeout` is not set. */
export const waitSeconds = (nodes: number, clusters: number): number =>
    WAIT_SECONDS.least + WAIT_SECONDS.each * (nodes + clusters);
