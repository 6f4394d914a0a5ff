import { queuedValue, RELEASED_ANNOTATION } from "../../../plan/manifests/cluster-objects";
import { key, time, trueSince, type ApiObject, type Operation } from "./api-object";

/**
 * Unix time in milliseconds by the name of an event. An event that has not happened, or has left no trace, is absent.
 */
export type Events = Record<string, number>;

/** The events of one object. */
export interface Timeline {
    name: string;
    uid: string;
    /** Whether it is being deleted. */
    deleting: boolean;
    events: Events;
}

export interface HostTimeline extends Timeline {
    /** BMO's provisioning state; "" until BMO has looked at the host. */
    state: string;
    /** Whether the host is to be provisioned: it was given an image, or a machine has taken it. */
    wanted: boolean;
}

/** Conditions of Clusters and Machines whose becoming True is an event. */
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

const conditionEvents = (object: ApiObject, events: Record<string, string>): Record<string, number | undefined> =>
    Object.fromEntries(Object.entries(events).map(([event, type]) => [event, trueSince(object, type)]));

function timeline({ metadata }: ApiObject, events: Record<string, number | undefined>): Timeline {
    const { name, uid, creationTimestamp, deletionTimestamp, annotations } = metadata;
    const released = time(annotations?.[RELEASED_ANNOTATION]);
    const wasQueued = released !== undefined || queuedValue(annotations) !== undefined;
    // A queued object begins with its release: until then no controller works on it.
    const beginning = wasQueued
        ? { queued: time(creationTimestamp), created: released }
        : { created: time(creationTimestamp) };
    const known = Object.entries({ ...beginning, ...events }).filter(
        (entry): entry is [string, number] => entry[1] !== undefined,
    );
    return { name, uid, deleting: deletionTimestamp !== undefined, events: Object.fromEntries(known) };
}

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

/** The Metal3Machine that has taken the host. */
function consumer(host: ApiObject): string | undefined {
    const reference = host.spec?.["consumerRef"] as { kind?: string; name?: string; namespace?: string } | undefined;
    return reference?.kind === "Metal3Machine"
        ? key(reference.namespace ?? host.metadata.namespace, reference.name)
        : undefined;
}

/** The earliest change of a condition, when one is left from before the end of the registration. */
function firstConditionChange(host: ApiObject, registered: number | undefined): number | undefined {
    const changes = (host.status?.conditions ?? []).flatMap(({ lastTransitionTime }) => time(lastTransitionTime) ?? []);
    const earliest = Math.min(...changes);
    return registered !== undefined && earliest < registered ? earliest : undefined;
}

function inspectionDisabled({ metadata, spec }: ApiObject): boolean {
    return spec?.["inspectionMode"] === "disabled" || metadata.annotations?.["inspect.metal3.io"] === "disabled";
}

interface Span {
    start: number | undefined;
    end: number | undefined;
}

function history(host: ApiObject, operation: Operation): Span {
    const { start, end } = host.status?.operationHistory?.[operation] ?? {};
    return { start: time(start), end: time(end) };
}

/**
 * The first registration, and the last one after it. BMO notes only the last: CAPM3 labels the Secret with the BMC's
 * credentials as it takes a host, and BMO takes that for new credentials and registers the host again.
 */
function registrations(host: ApiObject, inspect: Span, provision: Span): { first: Span; again: Span } {
    const register = history(host, "register");
    const replaced =
        register.start !== undefined &&
        register.start >= (inspect.start ?? provision.start ?? Infinity) &&
        (register.end ?? Infinity) > (inspect.start ?? -Infinity);
    if (!replaced) {
        return { first: register, again: { start: undefined, end: undefined } };
    }
    // The first one ended when the inspection began. It began when BMO gave the host its first conditions.
    const end = inspect.start ?? trueSince(host, "Manageable");
    return { first: { start: firstConditionChange(host, end), end }, again: register };
}

/** @param taken when each Metal3Machine took its host. */
export function hostTimeline(host: ApiObject, taken: ReadonlyMap<string, number>): HostTimeline {
    const state = host.status?.provisioning?.state ?? "";
    const inspect = history(host, "inspect");
    const provision = history(host, "provision");
    const deprovision = history(host, "deprovision");
    const { first, again } = registrations(host, inspect, provision);
    const enrolled = inspectionDisabled(host) ? first.end : inspect.end;
    const available = trueSince(host, "AvailableForProvisioning");
    const machine = consumer(host);
    const associated = machine === undefined ? undefined : taken.get(machine);
    // In other states the history tells of an earlier run, from which the host was released since.
    const inUse = ["provisioning", "provisioned", "deprovisioning"].includes(state);
    const provisioned = state === "provisioned" ? provision.end : undefined;
    const { image, customDeploy } = host.spec ?? {};
    return {
        ...timeline(host, {
            registerStart: first.start,
            registered: first.end,
            registerAgainStart: again.start,
            registeredAgain: again.end,
            inspectStart: inspect.start,
            enrolled,
            // After a release, the condition does not tell when the host was available for the first time.
            available: deprovision.start === undefined ? available : undefined,
            idle: available,
            associated,
            provisionAsked: associated !== undefined && inUse ? provision.start : undefined,
            provisionStart: provision.start,
            provisionEnd: provision.end,
            provisioned,
            firstProvisioned: deprovision.start === undefined ? provisioned : undefined,
            deprovisionStart: deprovision.start,
            deprovisioned: deprovision.end,
        }),
        state,
        wanted:
            machine !== undefined ||
            Boolean((image as { url?: string } | undefined)?.url) ||
            customDeploy !== undefined,
    };
}

export function clusterTimeline(cluster: ApiObject): Timeline {
    return timeline(cluster, conditionEvents(cluster, CLUSTER_EVENTS));
}

/**
 * @param taken when each Metal3Machine took its host.
 * @param provisioned when the host of each Metal3Machine was provisioned.
 */
export function machineTimeline(
    machine: ApiObject,
    taken: ReadonlyMap<string, number>,
    provisioned: ReadonlyMap<string, number>,
): Timeline {
    const { name } = (machine.spec?.["infrastructureRef"] ?? {}) as { name?: string };
    const metal3Machine = key(machine.metadata.namespace, name);
    return timeline(machine, {
        ...conditionEvents(machine, MACHINE_EVENTS),
        associated: taken.get(metal3Machine),
        hostProvisioned: provisioned.get(metal3Machine),
    });
}

/** When hosts were provisioned, by the Metal3Machine that has taken them. */
export function provisionedFor(hosts: readonly { object: ApiObject; timeline: HostTimeline }[]): Map<string, number> {
    const provisioned = new Map<string, number>();
    for (const { object, timeline: known } of hosts) {
        const machine = consumer(object);
        const at = known.events["provisioned"];
        if (machine !== undefined && at !== undefined) {
            provisioned.set(machine, at);
        }
    }
    return provisioned;
}
