import { ADMITTED_ANNOTATION, QUEUED_ANNOTATION } from "../../plan/manifests/cluster-objects";

/** An object as the Kubernetes API gives it, as far as it is read here. */
export interface ApiObject {
    metadata: {
        name: string;
        namespace?: string;
        uid: string;
        creationTimestamp: string;
        deletionTimestamp?: string;
        annotations?: Record<string, string>;
    };
    spec?: Record<string, unknown>;
    status?: {
        provisioning?: { state?: string };
        operationHistory?: Partial<Record<Operation, { start?: string | null; end?: string | null }>>;
        conditions?: { type: string; status: string; lastTransitionTime?: string }[];
    };
}

/** Operations whose begin and end BMO notes in a BareMetalHost (OperationHistory of its API, v1alpha1); only the last of each kind. */
type Operation = "register" | "inspect" | "provision" | "deprovision";

/** Unix time in ms by the name of an event; what has not happened, or left no trace, is absent. */
export type Events = Record<string, number>;

/** What is known of one object. */
export interface Timeline {
    name: string;
    uid: string;
    /** It is being deleted. */
    deleting: boolean;
    events: Events;
}

export interface HostTimeline extends Timeline {
    state: string;
    /** An image is wanted on it, or a machine has taken it. */
    wanted: boolean;
}

export interface Lists {
    hosts: unknown[];
    clusters: unknown[];
    machines: unknown[];
    /** Without them it is not known when a machine took its host. */
    metal3Machines?: unknown[];
}

/** @throws Error for an object without what the API gives every object: it is none of the API's. */
export function apiObject(value: unknown): ApiObject {
    const metadata = (value as { metadata?: Partial<ApiObject["metadata"]> } | null | undefined)?.metadata;
    const missing = (["name", "uid", "creationTimestamp"] as const).filter(
        (key) => typeof metadata?.[key] !== "string",
    );
    if (missing.length > 0) {
        throw new Error(
            `metadata.${missing.join(", metadata.")} missing in ${JSON.stringify(value)?.slice(0, 200)}: not an object of the Kubernetes API`,
        );
    }
    return value as ApiObject;
}

/** A time of the API in ms; null and absent alike are a time not reached. */
export function time(text: string | null | undefined): number | undefined {
    if (text === null || text === undefined) {
        return undefined;
    }
    const parsed = Date.parse(text);
    if (Number.isNaN(parsed)) {
        throw new Error(`"${text}" is not a time of the Kubernetes API (RFC 3339)`);
    }
    return parsed;
}

/** When a condition turned True, if it is True now. */
export function trueSince(object: ApiObject, type: string): number | undefined {
    const condition = object.status?.conditions?.find((candidate) => candidate.type === type);
    return condition?.status === "True" ? time(condition.lastTransitionTime) : undefined;
}

/** Conditions whose becoming True is an event: of BareMetalHosts, Clusters and Machines. */
const HOST_AVAILABLE = "AvailableForProvisioning";
const CLUSTER_EVENTS = {
    infrastructureReady: "InfrastructureReady",
    controlPlaneInitialized: "ControlPlaneInitialized",
    connected: "RemoteConnectionProbe",
    available: "Available",
};
const MACHINE_EVENTS = {
    bootstrapReady: "BootstrapConfigReady",
    infrastructureReady: "InfrastructureReady",
    nodeHealthy: "NodeHealthy",
    ready: "Ready",
};

/**
 * Times at which conditions turned True, gathered while a run goes on. A condition tells only of its last change: that a host became available is lost
 * once it is being provisioned, and that a cluster was Available before it wavered is lost as well. What happens between two looks is not seen.
 */
export class Sightings {
    private readonly seen = new Map<string, Set<number>>();

    /** Looks at the fleet; any of the lists may be left out. */
    see({ hosts = [], clusters = [], machines = [] }: Partial<Lists>): void {
        this.note(hosts, [HOST_AVAILABLE]);
        this.note(clusters, Object.values(CLUSTER_EVENTS));
        this.note(machines, Object.values(MACHINE_EVENTS));
    }

    /** All times at which the condition of an object turned True, ascending. */
    times(object: ApiObject, type: string): number[] {
        const now = trueSince(object, type);
        return [
            ...new Set([
                ...(this.seen.get(`${object.metadata.uid} ${type}`) ?? []),
                ...(now === undefined ? [] : [now]),
            ]),
        ].sort((a, b) => a - b);
    }

    private note(objects: unknown[], types: string[]): void {
        for (const object of objects.map(apiObject)) {
            for (const type of types) {
                const since = trueSince(object, type);
                if (since === undefined) {
                    continue;
                }
                const key = `${object.metadata.uid} ${type}`;
                this.seen.set(key, (this.seen.get(key) ?? new Set()).add(since));
            }
        }
    }
}

const defined = (events: Record<string, number | undefined>): Events =>
    Object.fromEntries(Object.entries(events).filter((entry): entry is [string, number] => entry[1] !== undefined));

function timeline({ metadata }: ApiObject, events: Record<string, number | undefined>): Timeline {
    const { name, uid, creationTimestamp, deletionTimestamp, annotations } = metadata;
    const admitted = time(annotations?.[ADMITTED_ANNOTATION]);
    const wasQueued = admitted !== undefined || annotations?.[QUEUED_ANNOTATION] !== undefined;
    // What was queued has its beginning when it was let in: until then nothing works on it.
    const beginning = wasQueued
        ? { queued: time(creationTimestamp), created: admitted }
        : { created: time(creationTimestamp) };
    return { name, uid, deleting: deletionTimestamp !== undefined, events: defined({ ...beginning, ...events }) };
}

/** Kept apart: objects of one name in two namespaces. */
const key = (namespace: string | undefined, name: unknown): string => `${namespace ?? ""}/${String(name)}`;

/** When each Metal3Machine took its host. */
export function associations(metal3Machines: readonly ApiObject[]): Map<string, number> {
    const taken = new Map<string, number>();
    for (const object of metal3Machines) {
        const since = trueSince(object, "AssociateBareMetalHost");
        if (since !== undefined) {
            taken.set(key(object.metadata.namespace, object.metadata.name), since);
        }
    }
    return taken;
}

/** Metal3Machine that has taken the host. */
function consumer(host: ApiObject): string | undefined {
    const reference = host.spec?.["consumerRef"] as { kind?: string; name?: string; namespace?: string } | undefined;
    return reference?.kind === "Metal3Machine"
        ? key(reference.namespace ?? host.metadata.namespace, reference.name)
        : undefined;
}

/** The earliest change of a condition, if one is left of the time before the registration ended. */
function firstLook(host: ApiObject, registered: number | undefined): number | undefined {
    const changes = (host.status?.conditions ?? []).flatMap(({ lastTransitionTime }) => time(lastTransitionTime) ?? []);
    const earliest = Math.min(...changes);
    return registered !== undefined && earliest < registered ? earliest : undefined;
}

function inspectionDisabled({ metadata, spec }: ApiObject): boolean {
    return spec?.["inspectionMode"] === "disabled" || metadata.annotations?.["inspect.metal3.io"] === "disabled";
}

export function hostTimeline(host: ApiObject, sightings: Sightings, taken: ReadonlyMap<string, number>): HostTimeline {
    const state = host.status?.provisioning?.state ?? "";
    const history = (operation: Operation) => ({
        start: time(host.status?.operationHistory?.[operation]?.start),
        end: time(host.status?.operationHistory?.[operation]?.end),
    });
    const [register, inspect, provision, deprovision] = [
        history("register"),
        history("inspect"),
        history("provision"),
        history("deprovision"),
    ];
    // Another registration puts itself in the place of the first: CAPM3 labels the BMC's secret as it takes a host, and BMO sees new credentials.
    const again =
        register.start !== undefined &&
        register.start >= (inspect.start ?? provision.start ?? Infinity) &&
        (register.end ?? Infinity) > (inspect.start ?? -Infinity);
    // The first one ended in the instant in which inspecting began; it began when BMO gave the host its first conditions.
    const registered = again ? (inspect.start ?? trueSince(host, "Manageable")) : register.end;
    const enrolled = inspectionDisabled(host) ? registered : inspect.end;
    const available = sightings.times(host, HOST_AVAILABLE);
    // A release in between: what was seen after it tells nothing of the first time.
    const first = available.find((at) => at >= (enrolled ?? -Infinity) && at < (deprovision.start ?? Infinity));
    const holder = consumer(host);
    const associated = holder === undefined ? undefined : taken.get(holder);
    // Otherwise the history tells of an earlier run, from which the host was released since.
    const current = ["provisioning", "provisioned", "deprovisioning"].includes(state);
    const provisioned = state === "provisioned" ? provision.end : undefined;
    const { image, customDeploy } = host.spec ?? {};
    return {
        ...timeline(host, {
            registerStart: again ? firstLook(host, registered) : register.start,
            registered,
            registerAgainStart: again ? register.start : undefined,
            registeredAgain: again ? register.end : undefined,
            inspectStart: inspect.start,
            enrolled,
            available: first,
            // The last time it was so before it was provisioned.
            idle: available.filter((at) => !current || at <= (provision.start ?? Infinity)).at(-1),
            associated,
            provisionAsked: associated !== undefined && current ? provision.start : undefined,
            provisionStart: provision.start,
            provisionEnd: provision.end,
            provisioned,
            firstProvisioned: deprovision.start === undefined ? provisioned : undefined,
            deprovisionStart: deprovision.start,
            deprovisioned: deprovision.end,
        }),
        state,
        wanted:
            holder !== undefined || Boolean((image as { url?: string } | undefined)?.url) || customDeploy !== undefined,
    };
}

export function clusterTimeline(cluster: ApiObject, sightings: Sightings): Timeline {
    return timeline(cluster, firsts(cluster, sightings, CLUSTER_EVENTS));
}

/** @param provisioned when the host of a Metal3Machine was provisioned. */
export function machineTimeline(
    machine: ApiObject,
    sightings: Sightings,
    taken: ReadonlyMap<string, number>,
    provisioned: ReadonlyMap<string, number>,
): Timeline {
    const infrastructure = key(
        machine.metadata.namespace,
        (machine.spec?.["infrastructureRef"] as { name?: string } | undefined)?.name,
    );
    return timeline(machine, {
        ...firsts(machine, sightings, MACHINE_EVENTS),
        associated: taken.get(infrastructure),
        hostProvisioned: provisioned.get(infrastructure),
    });
}

/** The first time that each condition is known to have turned True. */
const firsts = (
    object: ApiObject,
    sightings: Sightings,
    events: Record<string, string>,
): Record<string, number | undefined> =>
    Object.fromEntries(Object.entries(events).map(([event, type]) => [event, sightings.times(object, type)[0]]));

/** When the hosts were provisioned, by the Metal3Machine that has taken them. */
export function provisionedFor(hosts: readonly { object: ApiObject; timeline: HostTimeline }[]): Map<string, number> {
    const provisioned = new Map<string, number>();
    for (const { object, timeline: known } of hosts) {
        const holder = consumer(object);
        const at = known.events["provisioned"];
        if (holder !== undefined && at !== undefined) {
            provisioned.set(holder, at);
        }
    }
    return provisioned;
}
