import { AppsV1Api, CoreV1Api, type KubeConfig, type V1Pod } from "@kubernetes/client-node";
import type { Manifest } from "../../plan/manifests/documents";
import { BARE_METAL_OPERATOR, PROVIDERS } from "../../plan/manifests/providers";
import type { LabPlan } from "../../plan/plan";
import { isAvailable, isReady, podTrouble } from "../workloads";
import type { PartStatus } from "./pending";
import { RequestLog } from "./request-log";

/** A Deployment or StatefulSet of one of the lab's layers. */
export interface Workload {
    kind: "Deployment" | "StatefulSet";
    namespace: string;
    name: string;
    /** Pulumi has the object in its state, so that a refresh notices when it is gone; clusterctl made the others. */
    inState: boolean;
}

/**
 * The Deployments and StatefulSets of every layer: Ironic with its database, BMO, Cluster API with CAPM3 and IPAM,
 * FKAS, and the pairs where they are pods.
 */
export function labWorkloads(plan: LabPlan, namespace: string, ironicChart: readonly Manifest[]): Workload[] {
    const ironic = ironicChart.flatMap(({ kind, metadata }): Workload[] =>
        kind === "Deployment" || kind === "StatefulSet"
            ? [{ kind, namespace: metadata.namespace ?? namespace, name: metadata.name, inState: true }]
            : [],
    );
    const deployment = (where: string, name: string, inState: boolean): Workload => ({
        kind: "Deployment",
        namespace: where,
        name,
        inState,
    });
    return [
        ...ironic,
        deployment(BARE_METAL_OPERATOR.namespace, BARE_METAL_OPERATOR.deployment, true),
        ...PROVIDERS.map((provider) => deployment(provider.namespace, provider.deployment, false)),
        ...plan.fakeApiServers.map(({ name }) => deployment(namespace, name, true)),
        ...(plan.reach.kind === "services" ? plan.pairs.map(({ name }) => deployment(namespace, name, true)) : []),
    ];
}

/**
 * Reads the state of the lab's workloads: two lists, and pods only of the namespaces in which something is not ready.
 */
export class WorkloadReader {
    /** Nodes on which, at the last look, a pod was in whose namespace something is not ready. */
    troubledNodes: ReadonlySet<string> = new Set();
    private readonly apps: AppsV1Api;
    private readonly core: CoreV1Api;

    constructor(
        config: KubeConfig,
        /** Those that there should be, or the namespaces of which all that is there is read. */
        private readonly workloads: readonly Workload[] | { namespaces: readonly string[] },
        private readonly requests = new RequestLog(),
    ) {
        this.apps = config.makeApiClient(AppsV1Api);
        this.core = config.makeApiClient(CoreV1Api);
    }

    async read(): Promise<PartStatus[]> {
        const cached = "namespaces" in this.workloads ? FROM_CACHE : {};
        const [deployments, statefulSets] = await Promise.all([
            this.requests.count("deployments", () => this.apps.listDeploymentForAllNamespaces(cached)),
            this.requests.count("statefulsets", () => this.apps.listStatefulSetForAllNamespaces(cached)),
        ]);
        const ready = new Map<string, WorkloadState>();
        const since = new Map<string, string>();
        for (const each of deployments.items) {
            const state = each.spec?.replicas === 0 ? "scaled to 0" : isAvailable(each);
            const name = key("Deployment", each.metadata?.namespace, each.metadata?.name);
            ready.set(name, state);
            const lost = each.status?.conditions?.find(({ type, status }) => type === "Available" && status !== "True");
            if (lost?.lastTransitionTime !== undefined) {
                since.set(name, new Date(lost.lastTransitionTime).toISOString());
            }
        }
        for (const each of statefulSets.items) {
            const state = each.spec?.replicas === 0 ? "scaled to 0" : isReady(each);
            ready.set(key("StatefulSet", each.metadata?.namespace, each.metadata?.name), state);
        }
        const states = this.wanted(ready).map((workload) => ({
            workload,
            ready: ready.get(key(workload.kind, workload.namespace, workload.name)),
        }));
        const troubled = new Set(
            states.filter(({ ready }) => ready === false).map(({ workload }) => workload.namespace),
        );
        const pods = (
            await Promise.all(
                [...troubled].map((namespace) =>
                    this.requests.count("pods", () => this.core.listNamespacedPod({ namespace, ...cached })),
                ),
            )
        ).flatMap(({ items }) => items);
        this.troubledNodes = new Set(pods.flatMap(({ spec }) => spec?.nodeName ?? []));
        return states.map(({ workload, ready: isReady }) => {
            const time = since.get(key(workload.kind, workload.namespace, workload.name));
            const part = partStatus(workload, isReady, pods);
            return part.trouble === undefined || time === undefined ? part : { ...part, since: time };
        });
    }

    /** @param found all that there is, by key */
    private wanted(found: ReadonlyMap<string, WorkloadState>): readonly Workload[] {
        const { workloads } = this;
        if (!("namespaces" in workloads)) {
            return workloads;
        }
        return [...found.keys()].map(parseKey).filter(({ namespace }) => workloads.namespaces.includes(namespace));
    }
}

/** A person may be told what was true a moment ago. The end of `up` may not: an old pod's answer would end it. */
const FROM_CACHE = { resourceVersion: "0" };

/** Whether it is ready. One that somebody has scaled to 0 is as good as gone: each part has a pod at least. */
type WorkloadState = boolean | "scaled to 0";

const key = (kind: Workload["kind"], namespace = "", name = ""): string => `${kind} ${namespace}/${name}`;

function parseKey(text: string): Workload {
    const [kind, place = ""] = text.split(" ");
    const [namespace = "", name = ""] = place.split("/");
    return { kind: kind as Workload["kind"], namespace, name, inState: false };
}

/**
 * What is to be said of a workload.
 * @param ready undefined: the workload does not exist
 * @param pods of the workload's namespace, for the reason
 */
export function partStatus(
    { kind, namespace, name, inState }: Workload,
    ready: WorkloadState | undefined,
    pods: readonly V1Pod[],
): PartStatus {
    const part = { kind, name: `${namespace}/${name}` };
    if (ready === undefined || ready === "scaled to 0") {
        const trouble = ready === undefined ? "does not exist" : "is scaled to 0 replicas";
        return { ...part, trouble, ...(inState ? { lost: "refresh" } : {}) };
    }
    if (ready) {
        return part;
    }
    const reasons = pods
        .filter(({ metadata }) => metadata?.namespace === namespace && metadata.name?.startsWith(`${name}-`))
        .flatMap((pod) => podTrouble(pod) ?? []);
    return { ...part, trouble: reasons.join(", ") || "not ready yet" };
}
