/**
 * Numbers that the plan follows and that a person reads in the description of a key. They stand here because the plan
 * imports the keys, and not the other way round.
 */

/** Most hosts in one lab: the fake inventory and the address plan are tested up to this number. */
export const MAX_NODES = 10_000;

/** Most control-plane and worker machines of one workload cluster. */
export const MAX_CONTROL_PLANE_NODES = 3;
export const MAX_WORKER_NODES = 1000;

/** Hosts per conductor: fewer than one bears (docs/sizing.md). At least two, so that users can watch one die. */
export const NODES_PER_CONDUCTOR = 250;
export const LEAST_CONDUCTORS = 2;
/** Most conductors: each has an address of a fixed range. */
export const MAX_CONDUCTORS = 50;

/**
 * How many hosts each pair (sushy-tools + fake-ipa) serves when `nodesPerPair` is not set: few at first, so that a
 * small lab has several pairs, then ever more, because a pair takes ~125 MiB before its first host. sushy-tools under
 * gunicorn answers ~390 requests a second; a host makes ~60 from its registration to provisioned.
 */
export const FIRST_PAIR_RANGES: readonly number[] = [2, 2, 4, 8, 16, 32, 64];
export const FURTHER_PAIR_RANGE = 128;

/** Clusters per fake API server. Each cluster takes about 2.3 MiB of its memory while it comes up (at 20 clusters). */
export const CLUSTERS_PER_FAKE_API_SERVER = 500;

/**
 * Versions of Kubernetes 1 that workload clusters may have: the minor versions that Cluster API 1.13 supports for them
 * (release notes of v1.13.3), each with the patch versions from 0. A ClusterClass lists all versions of its clusters,
 * and holds at most 100 of them (`kubernetesVersions` in its CRD).
 */
export const KUBERNETES_VERSIONS = { firstMinor: 30, lastMinor: 36, lastPatch: 13 };

/**
 * Hosts without a machine that a change of `kubernetesVersion` needs: one cluster after another makes its new machine
 * on it, and gives its old host back.
 */
export const SPARE_HOSTS_TO_ROLL = 1;

/**
 * Control-plane machines from which a cluster rolls without a spare host: it lets go of one machine before it makes the
 * next. Cluster API allows that from three on (KubeadmControlPlane's webhook: maxSurge 0), because fewer would lose
 * etcd's quorum.
 */
export const CONTROL_PLANES_TO_ROLL_WITHOUT_SPARE = 3;

/** Seconds between two looks at the power of every host, by `tuning`, and the most that may be set: a day. */
export const POWER_SYNC_SECONDS = { lab: 900, published: 120, most: 86_400 };

/**
 * Hosts in progress where `hostsAtOnce` is not set and FKAS decides how many there are. `first` are made without the
 * queue: as many as FKAS lets be in progress at first on a machine with one CPU. `most` is more than it ever does.
 */
export const HOSTS_IN_PROGRESS = { first: 12, most: 1000 };

/**
 * Hosts that BMO inspects, provisions or deprovisions at the same time when `provisioningLimit` is not set, by the
 * value of `tuning`. The lab's is never reached; the published one is upstream's default.
 */
export const PROVISIONING_LIMIT = { lab: 10_000, published: 20 };

/** Longest time that a fake host can be given for its boot or its power, seconds. */
export const MAX_FAKE_SECONDS = 3600;

/** Prefixes of the provisioning network. The smallest network, with the longest prefix, holds the fixed ranges. */
export const PROVISIONING_PREFIX = { shortest: 12, longest: 24 };
/** Longest prefixes of the pod network (1024 pods) and of the service network (256 Services). */
export const LONGEST_POD_PREFIX = 22;
export const LONGEST_SERVICE_PREFIX = 24;

/** Most workers beside the control plane: the provisioning network has addresses for 14 Kubernetes nodes. */
export const MAX_EMBEDDED_WORKERS = 13;
/** Longest prefix of a pod network that is shared with workers: each has a thirty-second of it. */
export const LONGEST_SHARED_POD_PREFIX = 19;

/** Ports for the lab's Kubernetes API on the loopback interface when `apiPort` is not set. */
export const API_PORTS = { first: 16_000, count: 1000 };

/**
 * Seconds that the end of `up` waits for the fleet when `waitTimeout` is not set: ten minutes, and 10 s for each host
 * and each cluster, which is several times the CPU that each was seen to need (6 s) on two cores.
 */
export const WAIT_SECONDS = { least: 600, each: 10 };
