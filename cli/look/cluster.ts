import { FAKE_API_SERVER_LABEL } from "../../plan/manifests/cluster-objects";
import type { LabPlan } from "../../plan/plan";
import type { Chain } from "../../tasks/wait-for-fleet/chains";
import { clusterStatus, type ClusterObject, type Replicas } from "../../tasks/wait-for-fleet/clusters";
import type { Evidence } from "../../tasks/wait-for-fleet/evidence";
import { hostStatus, type HostObject } from "../../tasks/wait-for-fleet/hosts";
import type { MachineStatus } from "../../tasks/wait-for-fleet/machines";
import { conditionsOf, facts, type Description } from "./description";
import { transitions } from "./host";
import { entryAt, type Entry } from "./timeline";

/** The fields of a Cluster that only a look at one cluster reads. */
export type WholeCluster = ClusterObject & {
    spec?: { controlPlaneEndpoint?: { host?: string; port?: number }; topology?: { version?: string } };
};

/** What a look at a cluster has found, beside the cluster. */
export interface ClusterFindings {
    /** From the cluster to what holds it up; undefined where it is where it should be. */
    chain: Chain | undefined;
    next: string[];
    evidence: Pick<Evidence, "machines" | "metal3Machines" | "owners">;
    /** The hosts that its Machines use. */
    hosts: readonly HostObject[];
    notes: readonly string[];
}

/** A cluster in words. @param history what has happened to it, in order */
export function clusterDescription(
    object: WholeCluster,
    { chain, next, evidence, hosts, notes }: ClusterFindings,
    plan: Pick<LabPlan, "namespace">,
    history: Entry[],
    now: Date,
): Description {
    const { name, available, queued, deleting, since, controlPlane, workers, pausedBy } = clusterStatus(object);
    const { host, port } = object.spec?.controlPlaneEndpoint ?? {};
    const server = object.metadata?.labels?.[FAKE_API_SERVER_LABEL];
    const used = new Map(hosts.map((each) => [each.spec?.consumerRef?.name ?? "", each.metadata?.name ?? ""]));
    const machines = evidence.machines.map((machine): [string, string] => {
        return [`machine ${machine.name}`, machineText(machine, used.get(machine.infrastructure))];
    });
    return {
        schemaVersion: 1,
        time: now.toISOString(),
        kind: "Cluster",
        name,
        namespace: plan.namespace,
        state: deleting ? "being deleted" : queued ? "queued" : available ? "Available" : "not Available yet",
        since: since ?? null,
        isSettled: chain === undefined,
        reason: chain?.reason ?? null,
        next,
        facts: {
            ...facts({
                version: object.spec?.topology?.version,
                controlPlane: replicasText(controlPlane),
                workers: replicasText(workers),
                endpoint: host ? `${host}:${port}` : undefined,
                fakeApiServer: server === undefined ? undefined : `fkas-${server}`,
                pausedBy,
            }),
            ...Object.fromEntries(machines),
        },
        conditions: conditionsOf(object.status?.conditions ?? []),
        history,
        notes,
    };
}

const replicasText = ({ desiredReplicas, availableReplicas }: Replicas): string | undefined =>
    desiredReplicas === undefined ? undefined : `${availableReplicas ?? 0} of ${desiredReplicas} available`;

const machineText = ({ isControlPlane, version, hasNode, deleting }: MachineStatus, host: string | undefined): string =>
    [
        isControlPlane ? "control plane" : "worker",
        version,
        host === undefined ? "no host yet" : `on ${host}`,
        deleting ? "being deleted" : hasNode ? "a Node" : "no Node yet",
    ].join(", ");

/** What the fields of a cluster, of its parts and of their hosts say about its past. */
export function clusterHistory(
    { metadata, status }: WholeCluster,
    { evidence, hosts }: Pick<ClusterFindings, "evidence" | "hosts">,
): Entry[] {
    const ofHosts = hosts.flatMap((host) => {
        const { start, end } = host.status?.operationHistory?.provision ?? {};
        const { name } = hostStatus(host);
        return [
            ...entryAt(start, "BMO", `host ${name}: provisioning begins`),
            ...entryAt(end, "BMO", `host ${name}: provisioning ends`),
        ];
    });
    return [
        ...entryAt(metadata?.creationTimestamp, "Kubernetes", "made"),
        ...transitions("", status?.conditions ?? []),
        ...evidence.owners.flatMap(({ kind, name, conditions }) => transitions(`${kind} ${name}: `, conditions)),
        ...evidence.machines.flatMap(({ name, created, conditions }) => [
            ...entryAt(created, "Kubernetes", `Machine ${name}: made`),
            ...transitions(`Machine ${name}: `, conditions),
        ]),
        ...evidence.metal3Machines.flatMap(({ name, conditions }) =>
            transitions(`Metal3Machine ${name}: `, conditions),
        ),
        ...ofHosts,
        ...entryAt(metadata?.deletionTimestamp, "Kubernetes", "deletion begins"),
    ];
}
