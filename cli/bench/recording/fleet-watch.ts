import { setTimeout as sleep } from "node:timers/promises";
import { CustomObjectsApi, makeInformer, type KubeConfig, type KubernetesListObject } from "@kubernetes/client-node";
import { countBy } from "../../../lib/count-by";
import type { CustomKind } from "../../../lib/kubernetes";
import { queuedValue } from "../../../plan/manifests/cluster-objects";
import { CLUSTERS, HOSTS } from "../../../tasks/wait-for-fleet/reader";
import type { FleetLine } from "../../record/lines";
import { isMadeSince } from "../made";
import { apiObject, trueSince, type ApiObject } from "../stages/api-object";

/** Pause before a watch that was broken off begins again. While a lab comes up, not all kinds are there. */
const AGAIN_MS = 5000;

/** The state of a host by which it is counted: BMO's own, "new" before it has looked, "queued" until the release. */
export function hostState({ metadata, status }: ApiObject): string {
    return queuedValue(metadata.annotations) === undefined ? status?.provisioning?.state || "new" : "queued";
}

/** The state of a Cluster by which it is counted. */
export function clusterState(cluster: ApiObject): string {
    if (trueSince(cluster, "Available") !== undefined) {
        return "Available";
    }
    return queuedValue(cluster.metadata.annotations) === undefined ? "in progress" : "queued";
}

type Watched = { metadata?: object };

/**
 * Counts the hosts and Clusters of a lab by state at any time. It watches them: that costs the API server a little for
 * each change, while a list of all would cost it the more the larger the lab is, however little happens.
 */
export class FleetWatch {
    private readonly states = { hosts: new Map<string, string>(), clusters: new Map<string, string>() };
    /** When a host was first seen available, Unix time in milliseconds, by the host's name. */
    readonly available = new Map<string, number>();
    private readonly stops: (() => Promise<void>)[] = [];
    private stopped = false;

    /**
     * @param withClusters whether the lab has Clusters, and so their kind
     * @param since when the run began: those that were there before do not count. Default: all count
     */
    constructor(
        private readonly config: KubeConfig,
        private readonly namespace: string,
        withClusters: boolean,
        private readonly since?: Date,
    ) {
        this.watch(HOSTS, this.states.hosts, (host) => {
            const state = hostState(host);
            const { name } = host.metadata;
            if (state === "available" && !this.available.has(name)) {
                this.available.set(name, Date.now());
            }
            return state;
        });
        if (withClusters) {
            this.watch(CLUSTERS, this.states.clusters, clusterState);
        }
    }

    /** How many objects are in which state now. */
    counts(): Pick<FleetLine, "hosts" | "clusters"> {
        const counted = (states: ReadonlyMap<string, string>): Record<string, number> =>
            Object.fromEntries(countBy([...states.values()]));
        return { hosts: counted(this.states.hosts), clusters: counted(this.states.clusters) };
    }

    async stop(): Promise<void> {
        this.stopped = true;
        await Promise.all(this.stops.map((stop) => stop()));
    }

    private watch(kind: CustomKind, states: Map<string, string>, stateOf: (object: ApiObject) => string): void {
        const { namespace } = this;
        const api = this.config.makeApiClient(CustomObjectsApi);
        const informer = makeInformer<Watched>(
            this.config,
            `/apis/${kind.group}/${kind.version}/namespaces/${namespace}/${kind.plural}`,
            async () => (await api.listNamespacedCustomObject({ ...kind, namespace })) as KubernetesListObject<Watched>,
        );
        const note = (value: unknown): void => {
            const object = apiObject(value);
            if (isMadeSince(this.since, object.metadata.creationTimestamp)) {
                states.set(object.metadata.uid, stateOf(object));
            }
        };
        informer.on("add", note);
        informer.on("update", note);
        informer.on("delete", (value: unknown) => states.delete(apiObject(value).metadata.uid));
        const begin = (): void => {
            informer.start().catch(again);
        };
        const again = (): void => {
            void sleep(AGAIN_MS, undefined, { ref: false }).then(() => {
                if (!this.stopped) {
                    begin();
                }
            });
        };
        informer.on("error", again);
        begin();
        this.stops.push(() => informer.stop());
    }
}
