import { CustomObjectsApi } from "@kubernetes/client-node";
import { listFromCache, requestErrorText } from "../../lib/kubernetes";
import { npmRun } from "../../plan/commands";
import { explain, type Chain } from "../../tasks/wait-for-fleet/chains";
import { clusterStatus } from "../../tasks/wait-for-fleet/clusters";
import { NO_EVIDENCE, type Evidence } from "../../tasks/wait-for-fleet/evidence";
import type { Fleet } from "../../tasks/wait-for-fleet/fleet";
import { hostStatus, type HostObject } from "../../tasks/wait-for-fleet/hosts";
import { HOSTS } from "../../tasks/wait-for-fleet/kinds";
import { pairOf } from "../../tasks/wait-for-fleet/lab-parts";
import { nextSteps, type Commands } from "../../tasks/wait-for-fleet/next-step";
import { FleetReader } from "../../tasks/wait-for-fleet/reader";
import { throughIronic } from "../bench/way-to-ironic";
import { askBmcs } from "../status/bmcs";
import { pendingOf } from "../status/pending-of";
import { clusterDescription, clusterHistory, type WholeCluster } from "./cluster";
import type { Description } from "./description";
import { eventEntries, eventsOf } from "./events";
import { hostDescription, hostHistory, type WholeHost } from "./host";
import { askIronic, type IronicLook } from "./ironic";
import { answered, type OpenLab } from "./lab";
import { milestone, recordsAbout } from "./log-entries";
import { LogReader } from "./log-reader";
import { hostSources } from "./sources";
import { inOrder } from "./timeline";

/** How far back one looks, and from where. */
export interface LookOptions {
    stack: string;
    now: Date;
    /** Seconds. Default: as far as anything is known. */
    since?: number;
}

/** What an object needs to be found in the logs. */
export const hostNames = ({ plan }: Pick<OpenLab, "plan">, object: WholeHost): string[] => {
    const { name, node } = hostStatus(object);
    const uuid = plan.hosts.find((each) => each.name === name)?.uuid;
    return [name, ...(node === undefined ? [] : [node]), ...(uuid === undefined ? [] : [uuid])];
};

/** Looks at one host: at its object, its Events, Ironic's node, its BMC and what the parts have logged of it. */
export async function lookAtHost(lab: OpenLab, object: WholeHost, options: LookOptions): Promise<Description> {
    const { plan, cluster } = lab;
    const { name, node } = hostStatus(object);
    const notes: string[] = [];
    const [events, ironic, bmcs, logs] = await Promise.all([
        answered(plan.prefix, eventsOf(cluster.config, plan.namespace, [name])),
        node === undefined ? undefined : ironicOf(lab, node, notes),
        askBmcs({ reach: plan.reach, pairs: plan.pairs.filter((pair) => pair.name === pairOf(plan, name)) }),
        new LogReader(cluster.config).read(hostSources(plan, name), options.since, notes),
    ]);
    const records = recordsAbout(logs, { names: hostNames(lab, object), namespace: plan.namespace });
    const history = inOrder(
        [
            ...hostHistory(object),
            ...eventEntries(events, "BareMetalHost"),
            ...(ironic?.history ?? []),
            ...records.flatMap((record) => milestone(record) ?? []),
        ],
        sinceTime(options),
    );
    const evidence = { ...NO_EVIDENCE, ironic: new Map(ironic === undefined ? [] : [[ironic.node.uuid, ironic.node]]) };
    const chain = chainOf(lab, { hosts: [hostStatus(object)], clusters: [], parts: [] }, evidence, name);
    const next = chain === undefined ? [] : nextSteps(chain, plan, commandsOf(options.stack, "logs"));
    const findings = { chain, next, ironic, bmc: [...(bmcs?.values() ?? [])][0], notes };
    return hostDescription(object, findings, plan, history, options.now);
}

/** Looks at one cluster: at its object, its parts, their hosts and their Events. */
export async function lookAtCluster(lab: OpenLab, object: WholeCluster, options: LookOptions): Promise<Description> {
    const { plan, cluster, kubeconfig } = lab;
    const status = clusterStatus(object);
    const { name } = status;
    const scope = { namespace: plan.namespace, workloads: [], ownsNodes: false };
    const api = cluster.config.makeApiClient(CustomObjectsApi);
    const [chains, all] = await answered(
        plan.prefix,
        Promise.all([
            new FleetReader(kubeconfig, scope).readChains([name]),
            listFromCache<HostObject>(api, HOSTS, plan.namespace),
        ]),
    );
    const used = new Set(chains.machines.map(({ infrastructure }) => infrastructure));
    const hosts = all.filter(({ spec }) => used.has(spec?.consumerRef?.name ?? ""));
    const objects = [name, ...clusterParts(chains), ...hosts.map(({ metadata }) => metadata?.name ?? "")];
    const events = await answered(plan.prefix, eventsOf(cluster.config, plan.namespace, objects));
    const evidence: Evidence = { ...NO_EVIDENCE, ...chains };
    const history = inOrder(
        [...clusterHistory(object, { evidence, hosts }), ...eventEntries(events, "Cluster")],
        sinceTime(options),
    );
    const chain = chainOf(lab, { hosts: all.map(hostStatus), clusters: [status], parts: [] }, evidence, name);
    const next = chain === undefined ? [] : nextSteps(chain, plan, commandsOf(options.stack, "describe"));
    const own = npmRun("describe", options.stack, name);
    const steps = next.map((step) => (step === own ? npmRun("logs", options.stack, "--cluster", name) : step));
    return clusterDescription(object, { chain, next: steps, evidence, hosts, notes: [] }, plan, history, options.now);
}

/** Names of the objects of which a cluster consists. */
export const clusterParts = ({
    machines,
    metal3Machines,
    owners,
}: Pick<Evidence, "machines" | "metal3Machines" | "owners">): string[] =>
    [...machines, ...metal3Machines, ...owners].map(({ name }) => name);

/** The commands that are proposed of a thing that is looked at already: its log, and a look at others. */
function commandsOf(stack: string, of: "logs" | "describe"): Commands {
    return {
        refresh: npmRun("up", stack, "--refresh"),
        lookAt: (name) => (of === "logs" ? npmRun("logs", stack, "--host", name) : npmRun("describe", stack, name)),
    };
}

const sinceTime = ({ since, now }: LookOptions): Date | undefined =>
    since === undefined ? undefined : new Date(now.getTime() - since * 1000);

/** From one host or cluster to what holds it up. */
function chainOf({ want }: Pick<OpenLab, "want">, fleet: Fleet, evidence: Evidence, name: string): Chain | undefined {
    const pending = pendingOf(fleet, want).filter((each) => each.name === name);
    return explain(pending, fleet, evidence)[0];
}

async function ironicOf({ cluster, plan }: OpenLab, node: string, notes: string[]): Promise<IronicLook | undefined> {
    try {
        return await throughIronic(cluster, plan, process.env, (endpoint) => askIronic(cluster, endpoint, node));
    } catch (error) {
        notes.push(`Ironic was not asked: ${requestErrorText(error)}`);
        return undefined;
    }
}
