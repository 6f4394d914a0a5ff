import { apiObject } from "./api-object";
import { CLUSTER_STAGES, HOST_STAGES, MACHINE_STAGES, unlessDeleted } from "./definitions";
import { stageStatistics, type Group } from "./group";
import {
    associations,
    clusterTimeline,
    hostTimeline,
    machineTimeline,
    provisionedFor,
    type Timeline,
} from "./timeline";

/** Kubernetes writes times in whole seconds: a duration may be off by this much, and a shorter one shows as 0. */
const RESOLUTION_SECONDS = 1;

/** Lists of objects as the Kubernetes API gives them. */
export interface Lists {
    hosts: unknown[];
    clusters: unknown[];
    machines: unknown[];
    metal3Machines: unknown[];
}

/** A state that every object of the fleet is to reach. Objects that are being deleted do not count. */
export interface Milestone {
    /** Number of objects that have reached it, and of all objects. */
    count: number;
    of: number;
    /** When the last object reached it: ISO 8601, and seconds after t0. Null while one has not. */
    at: string | null;
    seconds: number | null;
    /**
     * Objects that have reached it, per minute from t0 to the last of them. Null when there is none, or none after t0.
     */
    perMinute: number | null;
    /** Objects whose time is an upper bound: the event has left no trace, but a later event has. */
    upperBounds: number;
}

/** How long the objects of a fleet spent in each stage, and when the fleet reached its milestones. */
export interface StageReport {
    t0: string;
    resolutionSeconds: number;
    hosts: Group;
    clusters: Group;
    machines: Group;
    fleet: {
        /** The host's inspection has ended. */
        hostsEnrolled: Milestone;
        /**
         * The host could be provisioned for the first time. When that has left no trace, the begin of its provisioning
         * counts.
         */
        hostsAvailable: Milestone;
        /** The host is provisioned now. Only hosts that are to be provisioned count. */
        hostsProvisioned: Milestone;
        /** The cluster is Available now. */
        clustersAvailable: Milestone;
        machinesReady: Milestone;
    };
}

/**
 * Finds out where the time of a fleet went. A condition tells when it last turned True: of a condition that wavered,
 * the last time counts. A stage whose end came before its beginning (the two were independent) counts as 0.
 * @param lists all their objects count.
 * @param t0 beginning of the run.
 * @param now when the lists were read: how long objects have been in a stage that has not ended.
 * @throws Error for a value that is no object of the API.
 */
export function stageReport(lists: Lists, t0: Date, now: Date): StageReport {
    const taken = associations(lists.metal3Machines.map(apiObject));
    const hostsWithObjects = lists.hosts
        .map(apiObject)
        .map((object) => ({ object, timeline: hostTimeline(object, taken) }));
    const provisioned = provisionedFor(hostsWithObjects);
    const hosts = hostsWithObjects.map(({ timeline }) => timeline);
    const clusters = lists.clusters.map(apiObject).map(clusterTimeline);
    const machines = lists.machines.map(apiObject).map((object) => machineTimeline(object, taken, provisioned));
    const wanted = hosts.filter((host) => host.wanted);
    return {
        t0: t0.toISOString(),
        resolutionSeconds: RESOLUTION_SECONDS,
        hosts: stageStatistics(hosts, HOST_STAGES, now),
        clusters: stageStatistics(clusters, CLUSTER_STAGES, now),
        machines: stageStatistics(machines, MACHINE_STAGES, now),
        fleet: {
            hostsEnrolled: milestone(hosts, t0, "enrolled"),
            hostsAvailable: milestone(hosts, t0, "available", "provisionStart"),
            hostsProvisioned: milestone(wanted, t0, "provisioned"),
            clustersAvailable: milestone(clusters, t0, "available"),
            machinesReady: milestone(machines, t0, "ready"),
        },
    };
}

/** @param later an event that cannot come before `event`: an upper bound of its time when it has left no trace. */
function milestone(objects: Timeline[], t0: Date, event: string, later?: string): Milestone {
    const counted = objects.filter(unlessDeleted);
    const exact = counted.flatMap(({ events }) => events[event] ?? []);
    const bounds =
        later === undefined
            ? []
            : counted.flatMap(({ events }) => (events[event] === undefined ? (events[later] ?? []) : []));
    const reached = [...exact, ...bounds];
    const last = reached.reduce((latest, when) => Math.max(latest, when), -Infinity);
    const complete = counted.length > 0 && reached.length === counted.length;
    const seconds = (last - t0.getTime()) / 1000;
    return {
        count: reached.length,
        of: counted.length,
        at: complete ? new Date(last).toISOString() : null,
        seconds: complete ? seconds : null,
        perMinute: reached.length > 0 && seconds > 0 ? reached.length / (seconds / 60) : null,
        upperBounds: bounds.length,
    };
}
