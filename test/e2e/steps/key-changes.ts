import type { Effect } from "../../../plan/config/definition";
import type { Key } from "../../../plan/config/keys";

/** How a key is changed on the living lab, and which of its things (Live.identities) are other ones afterwards. */
interface KeyChange {
    to: string;
    /** Things that are replaced or restarted: all those that match. Default: none. */
    renews?: RegExp;
    /** Things that are there only afterwards. Default: none but the successors of what is renewed. */
    adds?: RegExp;
    /** Substrate on which a lab with these clusters refuses it. */
    refusedOn?: string;
}

/** Keys of one effect that are changed in one `up`. What they renew tells them apart, or their step looks further. */
export interface KeyGroup {
    effect: Effect;
    /** The only substrate that has this effect. Default: every substrate. */
    substrate?: string;
    changes: Partial<Record<Key, KeyChange>>;
}

/** First part of the references of images that are copied for this test. They are removed after it. */
const COPIES = "metal3-scale-lab-e2e";

/** The reference of a copy. */
export const copyOf = (name: string): string => `${COPIES}/${name}:copy`;

/** The key `images` with another reference of these images. */
const copied = (...names: string[]): string =>
    JSON.stringify({ overrides: Object.fromEntries(names.map((name) => [name, copyOf(name)])) });

/**
 * The changes of the keys, in the order in which a lab of four hosts and two clusters gets them. Each group is changed
 * over the ones before it. `nodesPerPair` moves no host in use only where a further pair is not full: with six hosts.
 */
export const KEY_GROUPS: readonly KeyGroup[] = [
    {
        effect: "in place",
        changes: {
            nodes: { to: "6", adds: /^(host-000[45]|(container .*-|pod metal3\/)pair-002-.*)$/ },
            fakeApiServers: { to: "2", adds: /^pod metal3\/fkas-1-/, refusedOn: "existing" },
            cleaning: { to: "metadata" },
            wait: { to: "hosts" },
            waitTimeout: { to: "900" },
        },
    },
    {
        effect: "restarts the pairs",
        changes: {
            fakeBootSeconds: { to: "1-3", renews: /^(container .*-|pod metal3\/)pair-\d+-/ },
            fakePowerSeconds: { to: "0-1", renews: /^(container .*-|pod metal3\/)pair-\d+-/ },
            nodesPerPair: { to: "2", renews: /^(container .*-|pod metal3\/)pair-002-/ },
            images: { to: copied("sushy-tools"), renews: /^(container .*-pair-\d+-sushy-tools$|pod metal3\/pair-)/ },
        },
    },
    {
        effect: "restarts pods",
        changes: {
            provisioningLimit: { to: "50", renews: /^pod baremetal-operator-system\// },
            hostsAtOnce: { to: "2", renews: /^pod metal3\/fkas-0-/ },
            rolloutsAtOnce: { to: "4", renews: /^pod metal3\/fkas-0-/ },
            powerSyncSeconds: { to: "300", renews: /^pod metal3\/ironic-conductor-/ },
            without: { to: '["ironic-password-hash"]', renews: /^pod metal3\/ironic-conductor-/ },
            images: { to: copied("sushy-tools", "ip-address-manager"), renews: /^pod metal3-ipam-system\// },
        },
    },
    {
        // Alone, because it hides every other key that restarts pods.
        effect: "restarts pods",
        changes: {
            tuning: {
                to: "published",
                renews: /^pod (metal3\/(ironic-(conductor|mariadb)|fkas)|baremetal-operator-system\/|cap|metal3-ipam)/,
            },
        },
    },
    {
        effect: "restarts the node",
        substrate: "embedded",
        changes: {
            apiPort: { to: "26500", renews: /^(pod |container .*-control-plane$)/ },
            images: {
                to: copied("sushy-tools", "ip-address-manager", "node"),
                renews: /^(pod |container .*-control-plane$)/,
            },
        },
    },
];

/** The groups that a substrate has, with the changes that a lab there takes. */
export const keyGroups = (substrate: string): KeyGroup[] =>
    KEY_GROUPS.filter((group) => group.substrate === undefined || group.substrate === substrate).map((group) => {
        const taken = Object.entries(group.changes).filter(([, change]) => change.refusedOn !== substrate);
        return { ...group, changes: Object.fromEntries(taken) };
    });

/** Keys whose effect another step shows: the name of its file in this folder. */
export const SHOWN_BY: Partial<Record<Key, Partial<Record<Effect, string>>>> = {
    nodes: { "restarts pods": "resize" },
    clusters: { "in place": "resize" },
    conductors: { "in place": "resize" },
    controlPlaneNodes: { "in place": "day-two" },
    workerNodes: { "in place": "day-two" },
    kubernetesVersion: { "rolls the clusters": "day-two" },
    versionSet: { "restarts pods": "versions" },
    versions: { "restarts pods": "versions", "restarts the pairs": "versions", "restarts the node": "versions" },
    ipa: { "restarts pods": "ipa" },
    hostProfiles: { "in place": "profiles", "restarts the pairs": "profiles", "restarts pods": "profiles" },
    kubeconfig: { "in place": "../existing.test" },
    kubeContext: { "in place": "../existing.test" },
    nodeSelector: { "restarts pods": "../existing.test", "restarts the pairs": "../existing.test" },
    tolerations: { "restarts pods": "../existing.test", "restarts the pairs": "../existing.test" },
    clusterWideTuning: { "restarts pods": "../existing.test" },
    embeddedWorkers: { "in place": "workers" },
    observability: { "in place": "metrics" },
    imageRegistry: { "restarts pods": "registry" },
    imagePullSecrets: { "restarts pods": "registry" },
};

/** A value that a living lab refuses, and the rule that says so. */
interface Refusal {
    to: string;
    rule: string;
}

const HAS = "this lab has ";
const AT_MINIKUBE = "belongs to the substrate minikube";
const AT_EXISTING = "belongs to the substrate existing";
const OF_OWN_CLUSTERS = "says how the lab makes a cluster, but the substrate is existing";
const AT_KVM2 = "belongs to minikube's driver kvm2";

/** Keys of minikube's machine, on every other substrate. */
const OF_MINIKUBE: Partial<Record<Key, Refusal>> = {
    minikubeDriver: { to: "docker", rule: AT_MINIKUBE },
    minikubeCpus: { to: "3", rule: AT_MINIKUBE },
    minikubeMemory: { to: "8192", rule: AT_MINIKUBE },
    minikubeDisk: { to: "50", rule: AT_MINIKUBE },
    minikubeBaseImage: { to: "built", rule: AT_MINIKUBE },
    libvirtUri: { to: "qemu:///system?socket=/other", rule: AT_MINIKUBE },
    libvirtNetwork: { to: "other", rule: AT_MINIKUBE },
};

/** Keys of the hosts' BMCs, on every substrate. */
const OF_BMCS: Partial<Record<Key, Refusal>> = {
    bmcProtocol: { to: "https", rule: `${HAS}http,` },
    bmcDriver: { to: "redfish-virtualmedia", rule: `${HAS}redfish,` },
    bootMode: { to: "UEFI", rule: `${HAS}legacy` },
};

/** Keys that every lab with a cluster of its own keeps, and those of a cluster that is there. */
const OF_OWN_CLUSTER: Partial<Record<Key, Refusal>> = {
    provisioningCidr: { to: "172.31.240.0/24", rule: HAS },
    podCidr: { to: "10.200.0.0/16", rule: `${HAS}10.244.0.0/16` },
    serviceCidr: { to: "10.201.0.0/16", rule: `${HAS}10.96.0.0/16` },
    namespace: { to: "lab", rule: AT_EXISTING },
    storageClass: { to: "fast", rule: AT_EXISTING },
    fakeNodes: { to: "kubernetes", rule: `${HAS}docker` },
    ...OF_BMCS,
};

/**
 * Keys that a lab keeps, by its substrate: all are refused in one preview. Another substrate hides what belongs to
 * either, and another driver of minikube what belongs to the driver: those are refused in a preview of their own.
 */
export const REFUSED: Record<string, Partial<Record<Key, Refusal>>[]> = {
    embedded: [{ ...OF_OWN_CLUSTER, ...OF_MINIKUBE }, { substrate: { to: "minikube", rule: `${HAS}embedded` } }],
    minikube: [
        {
            ...OF_OWN_CLUSTER,
            minikubeCpus: { to: "3", rule: `${HAS}2` },
            minikubeMemory: { to: "8192", rule: `${HAS}12288` },
            minikubeBaseImage: { to: "kicbase:other", rule: `${HAS}built` },
            minikubeDisk: { to: "50", rule: AT_KVM2 },
            libvirtUri: { to: "qemu:///system?socket=/other", rule: AT_KVM2 },
            libvirtNetwork: { to: "other", rule: AT_KVM2 },
        },
        { substrate: { to: "embedded", rule: `${HAS}minikube` } },
        { minikubeDriver: { to: "kvm2", rule: `${HAS}docker` } },
    ],
    existing: [
        {
            provisioningCidr: { to: "172.31.240.0/24", rule: OF_OWN_CLUSTERS },
            podCidr: { to: "10.200.0.0/16", rule: OF_OWN_CLUSTERS },
            serviceCidr: { to: "10.201.0.0/16", rule: OF_OWN_CLUSTERS },
            ...OF_MINIKUBE,
            ...OF_BMCS,
            namespace: { to: "lab", rule: `${HAS}metal3` },
            storageClass: { to: "other", rule: HAS },
            fakeNodes: { to: "docker", rule: "a cluster elsewhere does not reach this machine" },
        },
        { substrate: { to: "embedded", rule: `${HAS}existing` } },
    ],
};
