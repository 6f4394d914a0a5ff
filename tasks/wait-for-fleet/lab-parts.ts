import { workerPrefix, nodeName } from "../../plan/identities";
import { BARE_METAL_OPERATOR, PROVIDERS, type ProviderKey } from "../../plan/manifests/providers";
import type { LabPlan } from "../../plan/plan";
import type { Chain } from "./chains";

/** What the analysis of a fleet knows of the lab that it lives on. */
export type KnownLab = Pick<
    LabPlan,
    "prefix" | "namespace" | "reach" | "hosts" | "pairs" | "conductors" | "clusters" | "fakeApiServers" | "substrate"
>;

/** Names of Ironic's workloads, as charts/ironic gives them. */
const MARIADB = "ironic-mariadb";
const IMAGE_SERVER = "ironic-image-server";
export const CONDUCTOR = /^ironic-conductor-(\d+)$/;

/** What ends a chain, in the order in which a Cluster needs it. */
type End = "Cluster" | "Machine" | "Metal3Machine" | "host" | "BareMetalHost";

const OF_CLUSTER_API: readonly End[] = ["Cluster", "Machine"];
/** Chains that wait for a provider of Cluster API's when it is down, by their end. */
const NEEDS_PROVIDER: Record<ProviderKey, readonly End[]> = {
    core: OF_CLUSTER_API,
    bootstrap: OF_CLUSTER_API,
    controlPlane: OF_CLUSTER_API,
    infrastructure: ["Cluster", "Machine", "Metal3Machine", "host"],
    ipam: ["Metal3Machine"],
};

/** Name of the Docker containers of a pair. */
export const pairContainers = ({ prefix, reach }: Pick<LabPlan, "prefix" | "reach">, pair: string): string[] =>
    reach.kind === "provisioning-network"
        ? ["sushy-tools", "fake-ipa"].map((program) => `${prefix}-${pair}-${program}`)
        : [];

/** The Docker containers of a lab: nodes and pairs. Empty where it has none. */
export const labContainers = (lab: KnownLab): string[] => [
    // Another tool's container of a node has none of the lab's labels, and the prefix alone for a name.
    ...lab.substrate.containers.filter((name) => name.startsWith(`${lab.prefix}-`)),
    ...lab.pairs.flatMap(({ name }) => pairContainers(lab, name)),
];

/** The pair of a host; undefined for a host that the plan does not have. */
export function pairOf({ hosts, pairs }: KnownLab, host: string): string | undefined {
    const found = hosts.find(({ name }) => name === host);
    return found === undefined ? undefined : pairs[found.pair]?.name;
}

/**
 * Finds the part that a chain waits for.
 * @param parts the chains of the parts that do not work
 */
export function partFinder(lab: KnownLab, parts: readonly Chain[]): (chain: Chain) => Chain | undefined {
    const short = (part: Chain): string => part.name.split("/").at(-1) ?? part.name;
    const conductors = parts.filter((part) => CONDUCTOR.test(short(part)));
    const noIronic = conductors.length >= lab.conductors.length;
    const withPair = new Map(lab.hosts.map(({ name, pair }) => [name, lab.pairs[pair]?.name]));
    const withServer = new Map(lab.clusters.map((each) => [each.name, lab.fakeApiServers[each.fakeApiServer]?.name]));
    return (chain) => {
        const service = serviceIn(chain.says);
        return parts.find((part) => isBehind(part, service)) ?? parts.find((part) => isWaitedFor(part, chain));
    };

    function isWaitedFor(part: Chain, chain: Chain): boolean {
        const name = short(part);
        const end = chain.root.kind;
        const atHost = end === "BareMetalHost";
        if (chain.pausedBy !== undefined || chain.lost !== undefined) {
            return false;
        }
        if (part.kind === "Node" || name === nodeName(seedOf(lab)) || name.startsWith(workerPrefix(seedOf(lab)))) {
            return true;
        }
        if (name === MARIADB || (CONDUCTOR.test(name) && noIronic)) {
            return atHost || end === "host";
        }
        if (name === IMAGE_SERVER) {
            return atHost && chain.state === "provisioning";
        }
        if (name === BARE_METAL_OPERATOR.deployment) {
            return atHost || end === "host";
        }
        if (name.includes("pair-")) {
            const pair = withPair.get(chain.root.name);
            return atHost && pair !== undefined && (name === pair || pairContainers(lab, pair).includes(name));
        }
        if (lab.fakeApiServers.some((server) => server.name === name)) {
            const assigns = name === lab.fakeApiServers[0]?.name && (end === "host" || chain.isQueued);
            return assigns || (OF_CLUSTER_API.includes(endOf(end)) && withServer.get(chain.cluster ?? "") === name);
        }
        const provider = PROVIDERS.find(({ deployment }) => deployment === name);
        return provider !== undefined && NEEDS_PROVIDER[provider.key].includes(endOf(end));
    }
}

/** A Service that a message names by its address: `http://NAME.NAMESPACE.svc:8080/…`, or `host='NAME.NAMESPACE.svc'`. */
const SERVICE = /\b([a-z0-9][a-z0-9-]*)\.([a-z0-9][a-z0-9-]*)\.svc\b/;

/** The Service that a message names, and whether a webhook was asked there. */
export function serviceIn(says: string): { name: string; namespace: string; isWebhook: boolean } | undefined {
    const [, name, namespace] = SERVICE.exec(says) ?? [];
    return name === undefined || namespace === undefined
        ? undefined
        : { name, namespace, isWebhook: says.includes("webhook") };
}

/**
 * Whether a part should have answered at a Service. A part's own Service has its name. That of a webhook has another
 * one, but each controller with webhooks has a namespace to itself.
 */
function isBehind(part: Chain, service: ReturnType<typeof serviceIn>): boolean {
    const [namespace, name] = part.name.split("/");
    return (
        service !== undefined &&
        name !== undefined &&
        namespace === service.namespace &&
        (service.isWebhook || name === service.name)
    );
}

/** The objects that make Machines are of Cluster API, as these. */
const endOf = (kind: string): End =>
    kind === "KubeadmControlPlane" || kind === "MachineDeployment" ? "Machine" : (kind as End);

const seedOf = ({ prefix }: Pick<LabPlan, "prefix">): string => prefix.replace(/^m3lab-/, "");
