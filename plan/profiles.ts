import type { Tuning } from "./config/keys";
import { HOSTS_IN_PROGRESS, POWER_SYNC_SECONDS, PROVISIONING_LIMIT } from "./config/limits";

/** A lab of more hosts than this is large: its controllers get other settings. 200 hosts are still small. */
const LARGEST_SMALL_LAB = 200;

/** A value that depends on the size of the lab. Two steps, so that growing within a step restarts no controller. */
interface BySize<Value> {
    small: Value;
    large: Value;
}

/** One setting of both profiles, side by side. */
interface Setting<Value> {
    /** Rows of docs/deviations.md that say why the lab's value differs from upstream's, and what that saves. */
    deviations: readonly string[];
    /** The value with `tuning: lab`. */
    lab: Value | BySize<Value>;
    /** The value with `tuning: published`: the published lab's, which is nearly always upstream's default. */
    published: Value;
}

const setting = <Value>(each: Setting<Value>): Setting<Value> => each;

/** Controllers of the management cluster whose CPU requests the profile sets. */
export type WeightedController = "bmo" | "core" | "bootstrap" | "controlPlane" | "infrastructure" | "ipam";

/** Variables of Go's runtime for the controllers of a lab of up to 200 hosts. */
const GO_RUNTIME = { GOGC: "300", GOMEMLIMIT: "2GiB", GOMAXPROCS: "1" };

/**
 * The same for a large lab. At 550 clusters Cluster API's core and KubeadmControlPlane controllers hold about 0.5 GiB
 * each with GOGC=100 (connections with caches to all clusters); GOGC=300 could make that four times what is in use.
 */
export const GO_RUNTIME_LARGE = { GOGC: "200", GOMEMLIMIT: "3GiB", GOMAXPROCS: "1" };

/** Every setting in which the two profiles differ. `undefined` leaves the program's own default alone. */
export const SETTINGS = {
    /** Whether all but the first hosts, and their clusters, are created paused and released by FKAS. */
    hostQueue: setting<boolean>({ deviations: ["host-queue", "cluster-queue"], lab: true, published: false }),
    /** Whether FKAS creates the Secrets of a cluster before Cluster API looks for them. */
    precreateSecrets: setting<boolean>({ deviations: ["fkas-precreated-secrets"], lab: true, published: false }),

    /**
     * Hosts that BMO inspects, provisions or deprovisions at the same time, unless the key `provisioningLimit` is set.
     * A host that may not begin registers anew every 1 to 2 min, which costs more than BMO's look at a host in progress
     * every 10 to 15 s: after 9 min 2 of 200 hosts were provisioned with a limit of 40, without one 22 of 100 after
     * 5 min.
     */
    provisioningLimit: setting<number>({ deviations: ["bmo-provisioning-limit"], ...PROVISIONING_LIMIT }),
    /** Concurrent reconciles of each of BMO's controllers. Upstream: the number of CPUs, from 2 to 8. */
    bmoConcurrency: setting<number | undefined>({
        deviations: ["bmo-concurrency"],
        lab: { small: 20, large: 50 },
        published: undefined,
    }),
    /** Concurrent reconciles of CAPM3's controllers that provisioning waits for. */
    capm3Concurrency: setting<number>({
        deviations: ["capm3-concurrency"],
        lab: { small: 20, large: 50 },
        published: 10,
    }),
    /**
     * Concurrent reconciles of CAPM3's background controllers (Metal3MachineTemplate, label sync), for which nothing
     * waits; upstream's default is 10. Each event of a Metal3Machine makes the first copy all Metal3Machines twice, and
     * each event of a host makes the second read the host past its cache. Events for an object that is already queued
     * are coalesced, so one worker does less of both.
     */
    backgroundConcurrency: setting<number | undefined>({
        deviations: ["capm3-background-concurrency"],
        lab: 1,
        published: undefined,
    }),
    /**
     * Concurrent reconciles of each of Cluster API's controllers; upstream's defaults are 50 to 100. Events for an
     * object that is already queued are coalesced, so fewer workers cost less CPU: 8.6 CPU-s per host and cluster with
     * ten workers, 7.5 with three, and no less with one or two.
     */
    clusterApiConcurrency: setting<number | undefined>({
        deviations: ["cluster-api-concurrency"],
        lab: 3,
        published: undefined,
    }),
    /**
     * Requests per second of each controller to kube-apiserver. The published lab ran versions whose default was 20
     * everywhere; Cluster API's has been 100 since 1.13.
     */
    kubeApiQps: setting<number>({
        deviations: ["controllers-kube-api-limits"],
        lab: { small: 200, large: 400 },
        published: 20,
    }),
    /** Requests that a controller may make at once beyond `kubeApiQps`. */
    kubeApiBurst: setting<number>({
        deviations: ["controllers-kube-api-limits"],
        lab: { small: 300, large: 600 },
        published: 30,
    }),
    /**
     * Whether controllers elect a leader. Each has one replica: an election only writes Leases and delays a restart by
     * 15 s.
     */
    leaderElection: setting<boolean>({
        deviations: ["controllers-leader-election", "bmo-own-changes"],
        lab: false,
        published: true,
    }),
    /** Hours after which Cluster API and CAPM3 reconcile unchanged objects again. Upstream: ten minutes. */
    resyncHours: setting<number | undefined>({ deviations: ["controllers-resync"], lab: 6, published: undefined }),
    /**
     * Seconds that a controller's probes wait for an answer; Kubernetes' default is 1 s. An answer takes longer on a
     * busy machine, and three late answers restart the controller.
     */
    probeTimeoutSeconds: setting<number | undefined>({
        deviations: ["controllers-probe-timeout"],
        lab: 10,
        published: undefined,
    }),
    /** Whether hosts own the FirmwareSchema that they share (plan/manifests/firmware-schemas.ts). */
    firmwareSchemaOwners: setting<boolean>({
        deviations: ["bmo-firmware-schema-owners"],
        lab: false,
        published: true,
    }),
    /** Whether CAPM3 labels the Secrets of BMCs with their hosts' clusters (plan/manifests/bmc-secrets.ts). */
    bmcSecretLabels: setting<boolean>({ deviations: ["capm3-bmc-secret-labels"], lab: false, published: true }),
    /** Whether deprecated versions of Cluster API's and CAPM3's resources are served (plan/manifests/versions.ts). */
    deprecatedVersions: setting<boolean>({
        deviations: ["cluster-api-deprecated-versions"],
        lab: false,
        published: true,
    }),
    /**
     * Whether webhooks are called for updates that leave all the fields alone that they inspect
     * (plan/manifests/webhooks.ts).
     */
    webhooksOnEveryUpdate: setting<boolean>({
        deviations: ["cluster-api-webhooks-on-change"],
        lab: false,
        published: true,
    }),
    /**
     * CPU requests of the controllers; upstream asks for none. On a busy machine pods without a request share the
     * weight of 2 cpu.shares. KubeadmControlPlane's controller then waits 10 s in vain for its own cache after it has
     * made a Machine, takes that for a failure and deletes what belongs to the Machine: 14 of 50 clusters never became
     * Available. The core controller, its cache seconds late, writes the status of a Cluster again and again and is
     * refused (409), 80 times for each cluster. Each controller asks for several times what a conductor asks for (25m),
     * so that conductors take what is left.
     */
    controllerRequests: setting<Partial<Record<WeightedController, string>>>({
        deviations: ["controllers-cpu-requests"],
        lab: { bmo: "80m", core: "100m", bootstrap: "40m", controlPlane: "100m", infrastructure: "100m", ipam: "20m" },
        published: {},
    }),
    /**
     * Variables of Go's runtime. Half of what the controllers do is allocate, so the garbage collector runs more
     * rarely, as long as memory allows. GOMEMLIMIT is a soft limit far beyond what was seen. One processor each: at
     * rest, half of a controller's CPU goes into waking threads (with 30 clusters a quarter to a third less CPU). None
     * was seen to use a fifth of one processor.
     */
    controllerEnvironment: setting<Record<string, string>>({
        deviations: ["controllers-go-runtime"],
        lab: { small: GO_RUNTIME, large: GO_RUNTIME_LARGE },
        published: {},
    }),

    /** `conductor.apiProxy.enabled` of charts/ironic: an nginx in front of the API that caches answers. */
    apiProxy: setting<{ enabled: boolean; nodeListCacheSeconds?: number }>({
        deviations: ["ironic-api-proxy", "ironic-availability-cache", "ironic-node-list-cache"],
        lab: { enabled: true },
        published: { enabled: false },
    }),
    /** `conductor.apiMaxLimit`: hosts in one answer of the API. */
    apiMaxLimit: setting<number>({ deviations: ["ironic-api-max-limit"], lab: 10_000, published: 1000 }),
    /** `conductor.tunedRuntime`: Ironic with the lab's patches (charts/ironic/files/conductor.py). */
    tunedRuntime: setting<boolean>({
        deviations: [
            "ironic-server-sizes",
            "ironic-framework-caches",
            "ironic-response-cache",
            "ironic-hash-ring-balance",
            "ironic-agent-address-required",
            "ironic-password-hash",
            "ironic-state-notifier",
            "ironic-mysqlclient",
        ],
        lab: true,
        published: false,
    }),
    /** `conductor.databasePoolSize`: database connections that a conductor keeps. */
    databasePoolSize: setting<number>({ deviations: ["ironic-database-pool"], lab: 32, published: 5 }),
    /** `conductor.fastTrack`: whether a running agent is used without a reboot. */
    fastTrack: setting<boolean>({ deviations: ["ironic-fast-track"], lab: true, published: false }),
    /** `conductor.maxConcurrentClean`: hosts in cleaning at the same time, over all conductors. */
    maxConcurrentClean: setting<number>({ deviations: ["ironic-concurrency-limits"], lab: 5000, published: 50 }),
    /** `conductor.maxConcurrentDeploy`: hosts in deployment at the same time, over all conductors. */
    maxConcurrentDeploy: setting<number>({ deviations: ["ironic-concurrency-limits"], lab: 5000, published: 250 }),
    /** Seconds between two looks at the power of every host, unless the key `powerSyncSeconds` is set. */
    syncPowerStateInterval: setting<number>({
        deviations: ["ironic-power-sync"],
        lab: POWER_SYNC_SECONDS.lab,
        published: POWER_SYNC_SECONDS.published,
    }),
    /** `mariadb.maxConnections`. */
    databaseMaxConnections: setting<number>({ deviations: ["mariadb-connections"], lab: 1500, published: 300 }),
};

type Settings = typeof SETTINGS;
type SettingName = keyof Settings;

/** The values that hold for one lab. */
export type Profile = { readonly [Name in SettingName]: Settings[Name]["published"] };

/** The profile of a lab. @param nodes number of hosts, which decides whether the lab is large */
export function profile(tuning: Tuning, nodes: number): Profile {
    const value = (name: SettingName): unknown => {
        const { lab, published } = SETTINGS[name] as Setting<unknown>;
        if (tuning === "published") {
            return published;
        }
        return isBySize(lab) ? (nodes > LARGEST_SMALL_LAB ? lab.large : lab.small) : lab;
    };
    return Object.fromEntries((Object.keys(SETTINGS) as SettingName[]).map((name) => [name, value(name)])) as Profile;
}

/**
 * The profile with the limit of hosts in progress and the power sync that the user has set. BMO counts hosts in
 * progress in Ironic's list of hosts. Where the limit may be reached before the queue's, nginx answers with no older
 * list, or BMO would begin more.
 */
export function withLimit(
    profile: Profile,
    config: Partial<Record<"provisioningLimit" | "hostsAtOnce" | "powerSyncSeconds", number | undefined>>,
): Profile {
    const { powerSyncSeconds: syncPowerStateInterval = profile.syncPowerStateInterval } = config;
    const { provisioningLimit = profile.provisioningLimit, hostsAtOnce = HOSTS_IN_PROGRESS.most } = config;
    const isReached = profile.apiProxy.enabled && provisioningLimit < hostsAtOnce;
    const apiProxy = isReached ? { ...profile.apiProxy, nodeListCacheSeconds: 0 } : profile.apiProxy;
    return { ...profile, provisioningLimit, apiProxy, syncPowerStateInterval };
}

const isBySize = (value: unknown): value is BySize<unknown> =>
    typeof value === "object" && value !== null && "small" in value && "large" in value;

/** Configuration of the published lab, for a benchmark that compares with it: how long its fake hosts take. */
export const PUBLISHED_LAB = { fakeBootSeconds: "180-240", fakePowerSeconds: "1-11" } as const;
