import { z } from "zod";
import { derived, withDefault } from "./definition";
import { embeddedKeys } from "./embedded-keys";
import { existingKeys } from "./existing-keys";
import { fakeNodeKeys } from "./fake-node-keys";
import {
    CLUSTERS_PER_FAKE_API_SERVER,
    FIRST_PAIR_RANGES,
    FURTHER_PAIR_RANGE,
    HOSTS_IN_PROGRESS,
    KUBERNETES_VERSIONS,
    LEAST_CONDUCTORS,
    LONGEST_POD_PREFIX,
    LONGEST_SERVICE_PREFIX,
    MAX_CONDUCTORS,
    MAX_CONTROL_PLANE_NODES,
    MAX_NODES,
    MAX_WORKER_NODES,
    NODES_PER_CONDUCTOR,
    PROVISIONING_LIMIT,
    PROVISIONING_PREFIX,
} from "./limits";
import { minikubeKeys } from "./minikube-keys";
import * as values from "./values";
import { versionKeys } from "./version-keys";
import { watchingKeys } from "./watching-keys";

/** Whose limits hold: the lab's own profile, or upstream's defaults as in the published lab (see plan/profiles.ts). */
const TUNINGS = ["lab", "published"] as const;
export type Tuning = (typeof TUNINGS)[number];

const NEEDS_HOSTS =
    "Converges: each cluster gets free hosts for its new machines, and lets go of those of its last ones.";
const FIXED = "Refused: the Kubernetes node would be replaced, but not the addresses in its state.";

/** Every configuration key, in the order of the documentation. A value is a string, as Pulumi hands it over. */
export const keys = {
    substrate: withDefault(values.choice(["embedded", "minikube", "existing"] as const), "embedded", {
        meaning:
            "Where the lab stands. `embedded`: Kubernetes in a Docker container on this machine. " +
            "`minikube`: the published lab, a minikube machine on a libvirt network. " +
            "`existing`: a cluster that is there, wherever it is.",
        range: "`embedded`, `minikube`, `existing`",
        effects: ["another lab"],
        onChange: "Refused: another substrate is another lab.",
    }),
    nodes: withDefault(values.integer(0, MAX_NODES), "4", {
        meaning: "Number of fake bare-metal hosts (BareMetalHosts).",
        range: `hosts, 0 to ${MAX_NODES}`,
        effects: ["in place", "restarts pods"],
        onChange:
            "Converges: adds hosts, or removes the last ones. " +
            "Controllers are restarted only when the number passes 200 hosts, with which their settings change.",
    }),
    clusters: withDefault(values.integer(0, MAX_NODES), "2", {
        meaning: "Number of workload clusters. They need `clusters` × (`controlPlaneNodes` + `workerNodes`) hosts.",
        range: `clusters, 0 to ${MAX_NODES}`,
        effects: ["in place"],
        onChange: "Converges: adds clusters, or removes the last ones.",
    }),
    controlPlaneNodes: withDefault(
        values
            .integer(1, MAX_CONTROL_PLANE_NODES)
            .refine((value) => value % 2 === 1, "must be odd: 1 or 3, because etcd members vote"),
        "1",
        {
            meaning: "Control-plane machines of each workload cluster.",
            range: "machines, 1 or 3",
            effects: ["in place"],
            onChange: NEEDS_HOSTS,
        },
    ),
    workerNodes: withDefault(values.integer(0, MAX_WORKER_NODES), "0", {
        meaning: "Worker machines of each workload cluster.",
        range: `machines, 0 to ${MAX_WORKER_NODES}`,
        effects: ["in place"],
        onChange: NEEDS_HOSTS,
    }),
    conductors: derived(values.integer(1, MAX_CONDUCTORS), {
        meaning: "Number of Ironic conductors. Each has a provisioning IP of its own.",
        range: `conductors, 1 to ${MAX_CONDUCTORS}`,
        unset: `one per ${NODES_PER_CONDUCTOR} hosts, at least ${LEAST_CONDUCTORS}`,
        effects: ["in place"],
        onChange: "Converges: adds conductors, or removes the last ones; Ironic moves their hosts.",
    }),
    nodesPerPair: derived(values.integer(1, 500), {
        meaning: "Hosts that each pair of sushy-tools (BMCs) and fake-ipa (agents) serves.",
        range: "hosts, 1 to 500",
        unset: `${FIRST_PAIR_RANGES.join(", ")}, then ${FURTHER_PAIR_RANGE} for each further pair`,
        effects: ["restarts the pairs"],
        onChange:
            "Refused where a host that is there would move to another pair, because BMO takes no other BMC address.",
    }),
    fakeApiServers: derived(values.integer(1, 50), {
        meaning: "Number of FKAS instances (fake API servers). They share the workload clusters.",
        range: "instances, 1 to 50",
        unset: `one per ${CLUSTERS_PER_FAKE_API_SERVER} clusters`,
        effects: ["in place"],
        onChange: "Clusters move to other instances, which rebuild from the management cluster what they serve.",
    }),
    kubernetesVersion: withDefault(values.kubernetesVersion, "v1.35.4", {
        meaning: "Kubernetes version of the workload clusters.",
        range:
            `v1.${KUBERNETES_VERSIONS.firstMinor}.0 to ` +
            `v1.${KUBERNETES_VERSIONS.lastMinor}.${KUBERNETES_VERSIONS.lastPatch}, ` +
            `each minor version with patch versions 0 to ${KUBERNETES_VERSIONS.lastPatch}`,
        effects: ["rolls the clusters"],
        onChange:
            "Upwards: rolls every machine, over several minor versions by one after the other. " +
            "Refused downwards, and where a new machine needs a host and none is free.",
    }),
    ...fakeNodeKeys,
    cleaning: withDefault(values.choice(["disabled", "metadata"] as const), "disabled", {
        meaning: "Automated cleaning of hosts (`automatedCleaningMode` of a BareMetalHost).",
        range: "`disabled`, `metadata`",
        effects: ["in place"],
        onChange: "Converges: updates each BareMetalHost in place.",
    }),
    provisioningCidr: withDefault(values.ipv4Cidr, "192.168.222.0/24", {
        meaning: "Provisioning network, which is also the lab's Docker network. Each lab needs its own.",
        range: `IPv4 network, /${PROVISIONING_PREFIX.shortest} to /${PROVISIONING_PREFIX.longest}`,
        effects: ["another lab"],
        onChange: FIXED,
    }),
    podCidr: withDefault(values.ipv4Cidr, "10.244.0.0/16", {
        meaning: "Pod network of the management cluster.",
        range: `IPv4 network, at least a /${LONGEST_POD_PREFIX}`,
        effects: ["another lab"],
        onChange: FIXED,
    }),
    serviceCidr: withDefault(values.ipv4Cidr, "10.96.0.0/16", {
        meaning: "Service network of the management cluster.",
        range: `IPv4 network, at least a /${LONGEST_SERVICE_PREFIX}`,
        effects: ["another lab"],
        onChange: FIXED,
    }),
    ...embeddedKeys,
    ...minikubeKeys,
    ...existingKeys,
    ...versionKeys,
    images: withDefault(values.imageOptions, '{"source":"auto","overrides":{}}', {
        meaning: "Where images come from, and references to use instead: `{source, overrides: {IMAGE: REFERENCE}}`.",
        range: "`source`: `auto`, `build`, `pull` (docs/images.md); references pinned by tag or digest",
        effects: ["restarts pods", "restarts the pairs", "restarts the node"],
        onChange: "Replaces the containers, and restarts the pods, whose image changes.",
    }),
    imageRegistry: derived(values.registryPrefix, {
        meaning:
            "A registry of your own, with a path: the images of the pods are pushed there by `up`, each as " +
            "PREFIX/NAME:TAG, and the cluster pulls them from there (docs/images.md).",
        range: "`HOST[:PORT][/PATH]`",
        unset: "no registry: `up` copies the images into the nodes",
        effects: ["restarts pods"],
        onChange: "Pushes what the registry lacks, and restarts the pods, whose references change.",
    }),
    imagePullSecrets: withDefault(values.objectNames, "[]", {
        meaning:
            "Names of Secrets by which pods may pull, in each namespace that the lab has pods in. You make them: a " +
            "pod waits as long as its images are not there and its Secret is not either.",
        range: "`[NAME, …]`",
        effects: ["restarts pods"],
        onChange: "Restarts the pods.",
    }),
    ipa: derived(values.ipaFiles, {
        meaning:
            "Kernel and ramdisk of the Ironic Python agent, which the image server hands out to all conductors: " +
            "`{kernel: {from, sha256}, ramdisk: {from, sha256}}`. No fake host runs them.",
        range: "`from`: the path of a file, or an http or https address; `sha256`: its SHA-256 sum",
        unset: "a line of text in the place of each",
        effects: ["restarts pods"],
        onChange: "Restarts the conductors and the image server. Each conductor then fetches the new files.",
    }),
    hostsAtOnce: derived(values.integer(1, MAX_NODES), {
        meaning:
            "Hosts that are provisioned at the same time. " +
            "Further hosts and their clusters are created paused, and FKAS releases them.",
        range: `hosts, 1 to ${MAX_NODES}`,
        unset:
            "decided while the lab runs, by its CPUs and by how long hosts take; " +
            `all but the first ${HOSTS_IN_PROGRESS.first} are created paused`,
        effects: ["restarts pods"],
        onChange: "Holds for hosts and clusters that are made from then on. Restarts FKAS, which releases them.",
    }),
    rolloutsAtOnce: derived(values.integer(1, MAX_NODES), {
        meaning:
            "Clusters whose machines are replaced at the same time, where each new machine gets a host before " +
            "the old one goes. The others wait.",
        range: `clusters, 1 to ${MAX_NODES}`,
        unset:
            "as many as hosts are provisioned at the same time, or as there are hosts without a machine; " +
            "with `tuning: published` no limit",
        effects: ["restarts pods"],
        onChange: "Holds at once, also for rollouts that are under way. Restarts FKAS, which assigns hosts.",
    }),
    provisioningLimit: derived(values.integer(1, MAX_NODES), {
        meaning: "Hosts that BMO inspects, provisions or deprovisions at the same time (`PROVISIONING_LIMIT`).",
        range: `hosts, 1 to ${MAX_NODES}`,
        unset:
            `${PROVISIONING_LIMIT.lab} with \`tuning: lab\`, ` +
            `${PROVISIONING_LIMIT.published} (upstream's default) with \`tuning: published\``,
        effects: ["restarts pods"],
        onChange:
            `Converges: restarts BMO. Below \`hostsAtOnce\` (${HOSTS_IN_PROGRESS.most} where that is not set) it is ` +
            "exact: then, and when it no longer is below, also restarts the conductors, " +
            "whose API otherwise answers with a list of hosts that is up to 30 s old.",
    }),
    tuning: withDefault(values.choice(TUNINGS), "lab", {
        meaning:
            "Whose limits hold. `lab`: measured ones. " +
            "`published`: upstream's defaults and the published lab's, to compare with.",
        range: "`lab`, `published`",
        effects: ["restarts pods"],
        onChange:
            "Restarts the database, the conductors, the controllers and FKAS. " +
            "With `published`, hosts that still wait in the queue are released at once; `lab` queues only new ones.",
    }),
    without: withDefault(values.nameList, "[]", {
        meaning: "Deviations from upstream that this lab does without (docs/deviations.md), to see what one is worth.",
        range: "a list of rows of docs/deviations.md: `[ROW, …]`",
        effects: ["restarts pods"],
        onChange: "As `tuning: published`, for these alone: restarts what the rows are about.",
    }),
    ...watchingKeys,
} as const;

export type Key = keyof typeof keys;

/** The validated configuration. Keys that were not set and have no default are undefined. */
export type LabConfig = { [K in Key]: z.output<(typeof keys)[K]["schema"]> };

/** The default of a key as a person would type it, if it has one. */
export const defaultOf = (key: Key): string | undefined => {
    const definition = keys[key];
    return "default" in definition ? definition.default : undefined;
};
