import type { LabConfig, Tuning } from "./config/keys";

/** Hosts a conductor holds comfortably; two at least, so that the death of one can be watched. */
const NODES_PER_CONDUCTOR = 250;
const LEAST_CONDUCTORS = 2;

/** Clusters of one fake API server: ~2.3 MiB each, measured at 20. */
export const CLUSTERS_PER_FAKE_API_SERVER = 500;

/** Conductors for so many hosts. Default: one per 250 hosts, two at least. */
export const conductorCount = (nodes: number, wanted?: number): number =>
    wanted ?? Math.max(LEAST_CONDUCTORS, Math.ceil(nodes / NODES_PER_CONDUCTOR));

/**
 * Index of the conductor with which there are enough for host `index` and those before it, of `count` that there are. By the host's index where it can be:
 * with one conductor more it is the same.
 */
export const lastConductorOf = (index: number, count: number): number => Math.min(conductorCount(index + 1), count) - 1;

/** Fake API servers for so many clusters. Default: one per 500 clusters, one at least. */
export const fakeApiServerCount = (clusters: number, wanted?: number): number =>
    wanted ?? Math.max(1, Math.ceil(clusters / CLUSTERS_PER_FAKE_API_SERVER));

/**
 * Index of the fake API server of cluster `index`. As many as were asked for share the clusters evenly; where the number
 * follows from the clusters, each serves a fixed block, so that one more moves none.
 */
export const fakeApiServerOf = (index: number, wanted?: number): number =>
    wanted === undefined ? Math.floor(index / CLUSTERS_PER_FAKE_API_SERVER) : index % wanted;

/**
 * Whether host `index` is made queued: paused, until fewer than `hostsAtOnce` are in work. Everything that waits is asked about all the while: a host in
 * work by BMO every 10 to 15 s, a Machine without a host by CAPM3 every 30 s and by KCP every 20 s, which for a thousand of each is more than two cores
 * have. By the index alone, so that growing changes no host that is there. The published lab knows no queue.
 */
export const isHostQueued = (
    index: number,
    { tuning, hostsAtOnce }: Pick<LabConfig, "tuning" | "hostsAtOnce">,
): boolean => tuning === "lab" && index >= hostsAtOnce;

/** Whether cluster `index` is made queued, too: paused until its hosts are available. So is each that has a queued host. */
export const isClusterQueued = (
    index: number,
    config: Pick<LabConfig, "tuning" | "hostsAtOnce" | "controlPlaneNodes" | "workerNodes" | "hostsPerCluster">,
): boolean => isHostQueued((index + 1) * hostsPerCluster(config) - 1, config);

/** Hosts set aside for each cluster. Default: as many as it has machines. */
export const hostsPerCluster = (
    config: Pick<LabConfig, "controlPlaneNodes" | "workerNodes" | "hostsPerCluster">,
): number => config.hostsPerCluster ?? config.controlPlaneNodes + config.workerNodes;

/** What the controllers are told, by the size of the lab. */
export interface ControllerSizes {
    /** BMO: hosts in inspection, provisioning and deprovisioning at once (PROVISIONING_LIMIT; upstream's default is 20). */
    provisioningLimit: number;
    /** Concurrent reconciles of each of BMO's controllers; unset, upstream's default: the CPUs, 2 to 8. */
    operatorConcurrency?: number;
    /** Concurrent reconciles of each of CAPM3's controllers. */
    concurrency: number;
    /** The same of those that nothing waits for, of Metal3MachineTemplates and of labels; unset, upstream's 10. */
    asideConcurrency?: number;
    /** The same of each of Cluster API's; unset, upstream's 50 to 100. */
    clusterApiConcurrency?: number;
    /** Client requests per second to the Kubernetes API of each controller. */
    kubeApiQps: number;
    kubeApiBurst: number;
    /** Whether controllers elect a leader. There is one of each: an election only writes leases, and delays a restart by 15 s. */
    leaderElection: boolean;
    /** Hours after which Cluster API and CAPM3 look at every object again though nothing changed; unset, upstream's ten minutes. */
    resyncHours?: number;
    /** Seconds that a controller's probes wait for an answer; unset, Kubernetes' default: 1. */
    probeTimeoutSeconds?: number;
    /** Whether hosts are owners of the FirmwareSchema that they share (see manifests/firmware-schemas.ts). */
    firmwareSchemaOwners: boolean;
    /** Whether Cluster API's and CAPM3's deprecated versions of resources are served (see manifests/versions.ts). */
    deprecatedVersions: boolean;
    /** Whether their webhooks are asked about updates that change nothing of what they look at (see manifests/webhooks.ts). */
    webhooksOfEveryUpdate: boolean;
    /** CPU requests; without them upstream's, which are none. */
    requests: Partial<Record<WeightedController, string>>;
    /** Variables of Go's runtime. */
    env: Record<string, string>;
}

/** Controllers of the management cluster that are Go programs with a weight of their own. */
export type WeightedController = "bmo" | "core" | "bootstrap" | "controlPlane" | "infrastructure" | "ipam";

/**
 * CPU requests. Upstream asks for none, and on a busy machine a pod that asks for nothing gets next to nothing (cpu.shares 2 for all such pods
 * together): KubeadmControlPlane's controller then waits in vain for its own cache (10 s) after it has made a Machine, takes that for a failure, and
 * deletes what belongs to the Machine: 14 of 50 clusters never became Available. The core controller, its cache seconds late, writes the status of its
 * Clusters over and over and is refused (409): 80 times a cluster. Each gets several times what a conductor asks for (25m): conductors take what is left.
 */
export const CPU_REQUESTS: Record<WeightedController, string> = {
    bmo: "80m",
    core: "100m",
    bootstrap: "40m",
    controlPlane: "100m",
    infrastructure: "100m",
    ipam: "20m",
};

/**
 * Go's garbage collector: rarer, as long as memory allows. Half of what these programs do is allocate. The limit is soft: near it the collector works
 * harder, and it is far beyond what was seen. One processor each: there are eight of them and two cores, and half of what they do when little is to do is
 * wake each other's threads (with 30 clusters at rest a quarter to a third less CPU). None was seen to use a fifth of one.
 */
export const GO_RUNTIME = { GOGC: "300", GOMEMLIMIT: "2GiB", GOMAXPROCS: "1" };

/**
 * Beyond 200 hosts: at 550 clusters Cluster API's core and KubeadmControlPlane's controller hold ~0.5 GiB each with GOGC=100 (connections with caches to all of
 * them), which at 300 would be four times what lives.
 */
export const GO_RUNTIME_LARGE = { ...GO_RUNTIME, GOGC: "200", GOMEMLIMIT: "3GiB" };

/** Upstream's defaults (reference: tunables), with which the published lab runs. */
const PUBLISHED_CONTROLLERS: ControllerSizes = {
    provisioningLimit: 20,
    concurrency: 10,
    kubeApiQps: 20,
    kubeApiBurst: 30,
    leaderElection: true,
    firmwareSchemaOwners: true,
    deprecatedVersions: true,
    webhooksOfEveryUpdate: true,
    requests: {},
    env: {},
};

/**
 * Hosts in work at once, when `provisioningLimit` is not set: never reached. BMO asks for a host in work every 10 to 15 s, and one that may not begin
 * begins to register anew every 1 to 2 min, which costs more: with a limit of 40 only 2 of 200 hosts were provisioned after 9 min, without one 22 of 100
 * after 5.
 */
const PROVISIONING_LIMIT = 10_000;

/**
 * In steps rather than in proportion: within a step growing changes no Deployment, so that no controller restarts.
 */
export function controllerSizes({
    nodes,
    tuning,
    provisioningLimit,
}: Pick<LabConfig, "nodes" | "tuning" | "provisioningLimit">): ControllerSizes {
    if (tuning === "published") {
        return { ...PUBLISHED_CONTROLLERS, ...(provisioningLimit === undefined ? {} : { provisioningLimit }) };
    }
    const large = nodes > 200;
    return {
        provisioningLimit: provisioningLimit ?? PROVISIONING_LIMIT,
        operatorConcurrency: large ? 50 : 20,
        concurrency: large ? 50 : 20,
        // Each cluster has a template of its own, and at each event of its Metal3Machine the controller copies all Metal3Machines twice; at each event of a host, 20 and
        // more, and of its Metal3Cluster label sync reads the host, past its cache. What happens while one waits for its turn is one look.
        asideConcurrency: 1,
        // Every event of an object is a look at it, unless it is queued already: what waits for its turn is looked at once for all that happened meanwhile.
        // With ten, 8.6 CPU-s a host and cluster; with three, 7.5; with one or two no less.
        clusterApiConcurrency: 3,
        kubeApiQps: large ? 400 : 200,
        kubeApiBurst: large ? 600 : 300,
        leaderElection: false,
        resyncHours: 6,
        // On a busy machine an answer takes longer than one second, and three late ones are a restart.
        probeTimeoutSeconds: 10,
        firmwareSchemaOwners: false,
        deprecatedVersions: false,
        webhooksOfEveryUpdate: false,
        requests: CPU_REQUESTS,
        env: large ? GO_RUNTIME_LARGE : GO_RUNTIME,
    };
}

/** What Ironic is told: values of charts/ironic over its own. */
export interface IronicSizes {
    conductor?: Record<string, number | boolean | Record<string, boolean>>;
    mariadb?: Record<string, number>;
}

/** Ironic's defaults and those of the published chart (reference: tunables). */
const PUBLISHED_IRONIC: IronicSizes = {
    conductor: {
        apiProxy: { enabled: false },
        apiMaxLimit: 1000,
        tunedRuntime: false,
        databasePoolSize: 5,
        fastTrack: false,
        maxConcurrentClean: 50,
        maxConcurrentDeploy: 250,
        ramdiskHeartbeatTimeout: 300,
        syncPowerStateInterval: 120,
    },
    mariadb: { maxConnections: 300 },
};

/** The chart's own values were made for the lab. */
export const ironicSizes = (tuning: Tuning): IronicSizes => (tuning === "published" ? PUBLISHED_IRONIC : {});

/**
 * Seconds that the gate at the end of `up` waits when `waitTimeout` is not set: ten minutes, and for each host and
 * cluster several times the CPU it was seen to need (6 s each) on two cores.
 */
export const waitSeconds = (nodes: number, clusters: number): number => 600 + 10 * nodes + 10 * clusters;
