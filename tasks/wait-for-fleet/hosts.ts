import type { ObjectMetadata } from "../../lib/kubernetes";
import { clusterOfHost, HOST_CLUSTER_LABEL, queuedValue } from "../../plan/manifests/cluster-objects";
import { hostPausedBy, type PausedBy } from "./pauses";
import type { Pending } from "./pending";

/** State of a host that is paused until FKAS releases it: BMO has given it none yet. */
export const QUEUED = "queued";

/** Annotation with which BMO lets go of a host. */
const DETACHED = "baremetalhost.metal3.io/detached";

/** What the wait for the fleet reads of a BareMetalHost. */
export interface HostStatus {
    name: string;
    /** `status.provisioning.state`; "queued" until FKAS has released the host, "" until BMO has seen it. */
    state: string;
    /** `status.errorMessage`, or "". */
    error: string;
    /** The host is being deleted: it has left its wanted state for good. */
    deleting: boolean;
    /** Name of the Metal3Machine that uses the host (`spec.consumerRef`). */
    consumer?: string;
    /** Cluster of that Metal3Machine. */
    cluster?: string;
    /** Where the host's user has put it, which no machine of a cluster wants of it. */
    elsewhere?: Elsewhere;
    /** Since when it is in its state, ISO 8601. */
    since?: string;
    /** UUID of its node in Ironic. */
    node?: string;
    /** Cluster that FKAS has set it aside for. */
    assigned?: string;
    /** What pauses it, if its user has paused it. */
    pausedBy?: PausedBy;
}

/** A place for a host that the lab does not give it. */
export interface Elsewhere {
    /** What the user has asked for. */
    asked: string;
    /** The host's status says that it is there. */
    there: boolean;
}

/** When an operation of BMO's last began and ended; null while it has not. */
interface OperationTimes {
    start?: string | null;
    end?: string | null;
}

/** The fields of a BareMetalHost that are read. */
export interface HostObject {
    metadata?: ObjectMetadata & { labels?: Record<string, string> };
    spec?: {
        consumerRef?: { name?: string };
        image?: object;
        customDeploy?: object;
        externallyProvisioned?: boolean;
    };
    status?: {
        provisioning?: { state?: string; ID?: string };
        operationalStatus?: string;
        errorMessage?: string;
        operationHistory?: Partial<Record<"register" | "inspect" | "provision" | "deprovision", OperationTimes>>;
    };
}

export function hostStatus(object: HostObject): HostStatus {
    const { metadata, spec, status } = object;
    const consumer = spec?.consumerRef?.name;
    const cluster = clusterOfHost(metadata?.labels);
    const elsewhere = spec?.consumerRef === undefined ? placedByUser(object) : undefined;
    const state = status?.provisioning?.state || (queuedValue(metadata?.annotations) === undefined ? "" : QUEUED);
    const since = inStateSince(object, state);
    const node = status?.provisioning?.ID;
    const assigned = metadata?.labels?.[HOST_CLUSTER_LABEL];
    const pausedBy = hostPausedBy(object);
    return {
        name: metadata?.name ?? "",
        state,
        error: status?.errorMessage ?? "",
        deleting: metadata?.deletionTimestamp !== undefined,
        ...(consumer === undefined ? {} : { consumer }),
        ...(consumer === undefined || cluster === undefined ? {} : { cluster }),
        ...(elsewhere === undefined ? {} : { elsewhere }),
        ...(since === undefined ? {} : { since }),
        ...(node ? { node } : {}),
        ...(assigned === undefined ? {} : { assigned }),
        ...(pausedBy === undefined ? {} : { pausedBy }),
    };
}

/** When a host came to its state: when it was made where BMO has noted nothing of it, or when it was deleted. */
function inStateSince({ metadata, status }: HostObject, state: string): string | undefined {
    if (metadata?.deletionTimestamp !== undefined) {
        return metadata.deletionTimestamp;
    }
    const { register, inspect, provision, deprovision } = status?.operationHistory ?? {};
    const times: Record<string, (string | null | undefined)[]> = {
        registering: [register?.start],
        inspecting: [inspect?.start],
        preparing: [inspect?.end, deprovision?.end],
        available: [inspect?.end, deprovision?.end],
        provisioning: [provision?.start],
        provisioned: [provision?.end],
        deprovisioning: [deprovision?.start],
    };
    const noted = (times[state] ?? []).flatMap((time) => time ?? []).sort();
    return noted.at(-1) ?? metadata?.creationTimestamp;
}

/**
 * Where a host without a consumer has been put by its user; undefined: nowhere, so it is a spare host. FKAS withholds
 * the same hosts from machines (services/fkas/internal/management/assignment/host.go). A host that is powered off
 * (`online: false`) is a spare one all the same: CAPM3 powers hosts off when it lets them go, and on when it takes
 * them.
 */
function placedByUser(object: HostObject): Elsewhere | undefined {
    const { metadata, spec, status } = object;
    const state = status?.provisioning?.state;
    // BMO leaves a paused host alone, so that its status stays what it was, whatever that is.
    if (hostPausedBy(object) !== undefined) {
        return { asked: "paused", there: true };
    }
    if (DETACHED in (metadata?.annotations ?? {})) {
        return { asked: "detached", there: status?.operationalStatus === "detached" };
    }
    if (spec?.externallyProvisioned === true) {
        return { asked: "externally provisioned", there: state === "externally provisioned" };
    }
    if (spec?.image !== undefined || spec?.customDeploy !== undefined) {
        return { asked: "provisioned as its user says", there: state === "provisioned" };
    }
    return undefined;
}

/**
 * Why a host is not where it should be; none when it is. A host that a machine of one of these clusters uses should be
 * provisioned, and one that its user has put elsewhere should be there. Any other host should be available, or in use:
 * the cluster that uses it is about to be deleted, which Pulumi does only after the wait, and releases the host then.
 * @param clusters the clusters that are waited for
 */
export function pendingHost(name: string, host: HostStatus | undefined, clusters: ReadonlySet<string>): Pending[] {
    const pending = (reason: string, lost?: "refresh"): Pending[] => [
        { kind: "BareMetalHost", name, reason, ...(lost ? { lost } : {}) },
    ];
    if (host === undefined) {
        return pending("does not exist", "refresh");
    }
    const { state, error, deleting, consumer, cluster, elsewhere } = host;
    const wanted = wantedState(host, clusters);
    const settled = elsewhere?.there ?? (wanted === undefined || state === wanted);
    // A paused or detached host keeps its last error for ever; a spare host with an error is given to no machine.
    if (!deleting && settled && (error === "" || elsewhere !== undefined || wanted === undefined)) {
        return [];
    }
    const found = `${deleting ? "being deleted, " : ""}${state || "not seen by BMO yet"}${error ? `: ${error}` : ""}`;
    const asked = elsewhere?.asked ?? (consumer === undefined ? wanted : `in use by ${cluster}`);
    return pending(asked === undefined || settled ? found : `${found} (wanted: ${asked})`);
}

/** Undefined: any state will do. */
function wantedState({ consumer, cluster }: HostStatus, clusters: ReadonlySet<string>): string | undefined {
    if (consumer === undefined) {
        return "available";
    }
    return cluster !== undefined && clusters.has(cluster) ? "provisioned" : undefined;
}
