import {
    apiObject,
    associations,
    clusterTimeline,
    hostTimeline,
    machineTimeline,
    provisionedFor,
    Sightings,
    type HostTimeline,
    type Lists,
    type Timeline,
} from "./stages-timeline";
import { summary, type Summary } from "./statistics";

export { Sightings, type Lists } from "./stages-timeline";

/** Kubernetes writes times in whole seconds: a duration may be up to this much off, and what took less shows as 0. */
export const RESOLUTION_SECONDS = 1;

/** An object stalls in a stage that takes it so much longer than the median, s. */
export const STALL_SECONDS = 60;

/** A span of an object's life, between two of its events. */
interface Stage<T extends Timeline = Timeline> {
    name: string;
    from: string;
    to: string;
    /** What it is spent on. */
    meaning: string;
    /** Whether an object that has begun it is on its way to its end. Default: unless it is being deleted. */
    underWay?: (object: T) => boolean;
    /** Whether a long one is anything to explain. Default: yes. */
    stalls?: boolean;
}

const unlessDeleted = ({ deleting }: Timeline): boolean => !deleting;

const HOST_STAGES: Stage<HostTimeline>[] = [
    {
        name: "queue",
        from: "queued",
        to: "created",
        meaning: "made, and not let in yet (hostsAtOnce); the stages below begin when it is",
        stalls: false,
    },
    {
        name: "wait for BMO",
        from: "created",
        to: "registerStart",
        meaning: "until BMO first looks at it",
        underWay: ({ state }) => state === "",
    },
    {
        name: "register",
        from: "registerStart",
        to: "registered",
        meaning: "registration in Ironic, and the wait for a slot (PROVISIONING_LIMIT) to be inspected in",
        underWay: ({ state }) => state === "registering",
    },
    {
        name: "inspect",
        from: "inspectStart",
        to: "enrolled",
        meaning: "the inspection; it begins as registration ends",
        underWay: ({ state }) => state === "inspecting",
    },
    {
        name: "prepare",
        from: "enrolled",
        to: "available",
        meaning: "preparing (and cleaning); only of hosts that were looked at while they were available",
        underWay: ({ state }) => state === "preparing",
    },
    {
        name: "wait for a machine",
        from: "idle",
        to: "associated",
        meaning: "available, and taken by none",
        underWay: ({ state, wanted }) => state === "available" && !wanted,
        stalls: false,
    },
    {
        name: "wait for provisioning",
        from: "associated",
        to: "provisionAsked",
        meaning: "taken by a machine, until BMO begins: its look, and the wait for a slot",
        underWay: ({ state }) => state === "available",
    },
    {
        name: "provision",
        from: "provisionStart",
        to: "provisionEnd",
        meaning: "writing the image and booting",
        underWay: ({ state }) => state === "provisioning",
    },
    {
        name: "register again",
        from: "registerAgainStart",
        to: "registeredAgain",
        meaning: "the last registration after the first: BMO saw other credentials, or Ironic had forgotten the host",
    },
    {
        name: "deprovision",
        from: "deprovisionStart",
        to: "deprovisioned",
        meaning: "releasing it again",
        underWay: ({ state }) => state === "deprovisioning",
    },
    { name: "created to enrolled", from: "created", to: "enrolled", meaning: "all until its inspection ended" },
    {
        name: "created to available",
        from: "created",
        to: "available",
        meaning: "all until it could be provisioned",
        underWay: ({ state, deleting }) => !deleting && ["", "registering", "inspecting", "preparing"].includes(state),
    },
    {
        name: "created to provisioned",
        from: "created",
        to: "firstProvisioned",
        meaning: "everything, the first time",
        underWay: ({ wanted, deleting, events }) => wanted && !deleting && events["deprovisionStart"] === undefined,
    },
];

const CLUSTER_STAGES: Stage[] = [
    {
        name: "queue",
        from: "queued",
        to: "created",
        meaning: "made, and not let in before its hosts are available; the stages below begin then",
        stalls: false,
    },
    { name: "infrastructure", from: "created", to: "infrastructureReady", meaning: "until its Metal3Cluster is ready" },
    {
        name: "control plane",
        from: "infrastructureReady",
        to: "controlPlaneInitialized",
        meaning: "until a control-plane machine runs",
    },
    { name: "settle", from: "controlPlaneInitialized", to: "available", meaning: "from there to Available" },
    {
        name: "connection",
        from: "created",
        to: "connected",
        meaning: "until Cluster API reaches its API server (beside the others)",
    },
    { name: "created to Available", from: "created", to: "available", meaning: "everything" },
];

const MACHINE_STAGES: Stage[] = [
    { name: "bootstrap", from: "created", to: "bootstrapReady", meaning: "until its bootstrap data is there" },
    { name: "take a host", from: "bootstrapReady", to: "associated", meaning: "until CAPM3 has chosen a host" },
    {
        name: "infrastructure",
        from: "bootstrapReady",
        to: "infrastructureReady",
        meaning: "until its Metal3Machine is ready: host chosen, provisioned, and its node found",
    },
    {
        name: "host to infrastructure",
        from: "hostProvisioned",
        to: "infrastructureReady",
        meaning: "of that, what comes after its host is provisioned",
    },
    {
        name: "node",
        from: "infrastructureReady",
        to: "nodeHealthy",
        meaning: "until Cluster API has seen its node healthy",
    },
    { name: "created to Ready", from: "created", to: "ready", meaning: "everything" },
];

/** An object far beyond the stage's median. */
export interface Stall {
    name: string;
    stage: string;
    seconds: number;
    /** It is still in it. */
    open: boolean;
}

/** Durations in seconds of a stage, over the objects that have ended it. */
export interface StageStatistics extends Summary {
    name: string;
    meaning: string;
    /** Objects that are in it now. */
    open: number;
    stalls: Stall[];
}

export interface Group {
    /** Objects in the list, and how many of them are being deleted. */
    count: number;
    deleting: number;
    stages: StageStatistics[];
    /** For plots: events of each object, ISO 8601. */
    objects: { name: string; uid: string; events: Record<string, string> }[];
}

/** Something that every object of the fleet is to reach; those being deleted are left out. */
export interface Milestone {
    /** How many have reached it, of how many. */
    count: number;
    of: number;
    /** When the last of them reached it, ISO 8601, and seconds after t0; null while one is missing. */
    at: string | null;
    seconds: number | null;
    /** Those that have, by the minutes between t0 and the last one's; null where none has, or none after t0. */
    perMinute: number | null;
    /** How many of them reached it at that time or earlier: it was not seen, but what comes after it was. */
    atLatest: number;
}

export interface StageReport {
    t0: string;
    resolutionSeconds: number;
    hosts: Group;
    clusters: Group;
    machines: Group;
    fleet: {
        /** Inspected. */
        hostsEnrolled: Milestone;
        /** Ready to be provisioned for the first time; of a host never seen so, the beginning of its provisioning counts. */
        hostsAvailable: Milestone;
        /** Of those that are wanted provisioned; they are so now. */
        hostsProvisioned: Milestone;
        /** Available now, and since when it was first seen so. */
        clustersAvailable: Milestone;
        machinesReady: Milestone;
    };
}

export interface StageOptions {
    /** What was seen while the run went on; without it only what the objects tell at the end. */
    sightings?: Sightings;
    /** When the lists were read: how long objects are already in a stage. Without it only ended stages can be stalls. */
    now?: Date;
}

/**
 * Where the time of a fleet went. Conditions tell when they last turned True, so that of what wavered the last time counts where no sighting knows better; a
 * wait whose end came before its beginning (the two were independent) counts as 0.
 * @param lists objects as the Kubernetes API gives them, all of which count.
 * @param t0 beginning of the run.
 * @throws Error for something that is no object of the API.
 */
export function stageReport(
    lists: Lists,
    t0: Date,
    { sightings = new Sightings(), now }: StageOptions = {},
): StageReport {
    const taken = associations((lists.metal3Machines ?? []).map(apiObject));
    const known = lists.hosts
        .map(apiObject)
        .map((object) => ({ object, timeline: hostTimeline(object, sightings, taken) }));
    const provisioned = provisionedFor(known);
    const hosts = known.map(({ timeline }) => timeline);
    const clusters = lists.clusters
        .map(apiObject)
        .map((object) => ({ object, timeline: clusterTimeline(object, sightings) }));
    const machines = lists.machines
        .map(apiObject)
        .map((object) => ({ object, timeline: machineTimeline(object, sightings, taken, provisioned) }));
    const at = now?.getTime();
    const is =
        (type: string) =>
        ({ object }: { object: { status?: { conditions?: { type: string; status: string }[] } } }) =>
            object.status?.conditions?.some((condition) => condition.type === type && condition.status === "True") ??
            false;
    return {
        t0: t0.toISOString(),
        resolutionSeconds: RESOLUTION_SECONDS,
        hosts: group(hosts, HOST_STAGES, at),
        clusters: group(
            clusters.map(({ timeline }) => timeline),
            CLUSTER_STAGES,
            at,
        ),
        machines: group(
            machines.map(({ timeline }) => timeline),
            MACHINE_STAGES,
            at,
        ),
        fleet: {
            hostsEnrolled: milestone(hosts, t0, "enrolled"),
            hostsAvailable: milestone(hosts, t0, "available", "provisionStart"),
            hostsProvisioned: milestone(
                hosts.filter(({ wanted }) => wanted),
                t0,
                "provisioned",
            ),
            clustersAvailable: milestone(
                clusters.map((cluster) => standing(cluster.timeline, "available", is("Available")(cluster))),
                t0,
                "available",
            ),
            machinesReady: milestone(
                machines.map((machine) => standing(machine.timeline, "ready", is("Ready")(machine))),
                t0,
                "ready",
            ),
        },
    };
}

/** Without the event that holds no longer. */
function standing(object: Timeline, event: string, holds: boolean): Timeline {
    if (holds) {
        return object;
    }
    return { ...object, events: Object.fromEntries(Object.entries(object.events).filter(([name]) => name !== event)) };
}

function group<T extends Timeline>(objects: T[], stages: Stage<T>[], now: number | undefined): Group {
    return {
        count: objects.length,
        deleting: objects.filter(({ deleting }) => deleting).length,
        stages: stages.map((stage) => statistics(objects, stage, now)),
        objects: objects.map(({ name, uid, events }) => ({
            name,
            uid,
            events: Object.fromEntries(
                Object.entries(events).map(([event, when]) => [event, new Date(when).toISOString()]),
            ),
        })),
    };
}

function statistics<T extends Timeline>(objects: T[], stage: Stage<T>, now: number | undefined): StageStatistics {
    const { name, meaning, from, to, underWay = unlessDeleted, stalls = true } = stage;
    const spans = objects.flatMap((object) => {
        const { [from]: begin, [to]: end } = object.events;
        if (begin === undefined) {
            return [];
        }
        if (end !== undefined) {
            return [{ name: object.name, stage: name, seconds: Math.max(0, (end - begin) / 1000), open: false }];
        }
        return underWay(object)
            ? [
                  {
                      name: object.name,
                      stage: name,
                      seconds: now === undefined ? 0 : Math.max(0, (now - begin) / 1000),
                      open: true,
                  },
              ]
            : [];
    });
    const ended = summary(spans.filter(({ open }) => !open).map(({ seconds }) => seconds));
    const { median } = ended;
    return {
        name,
        meaning,
        ...ended,
        open: spans.filter(({ open }) => open).length,
        stalls:
            median === null || !stalls
                ? []
                : spans.filter(({ seconds }) => seconds > median + STALL_SECONDS).sort((a, b) => b.seconds - a.seconds),
    };
}

/** @param atLatest event that cannot come before it. */
function milestone(objects: Timeline[], t0: Date, event: string, atLatest?: string): Milestone {
    const wanted = objects.filter(unlessDeleted);
    const exact = wanted.flatMap(({ events }) => events[event] ?? []);
    const bounded =
        atLatest === undefined
            ? []
            : wanted.flatMap(({ events }) => (events[event] === undefined ? (events[atLatest] ?? []) : []));
    const reached = [...exact, ...bounded];
    const last = reached.reduce((latest, when) => Math.max(latest, when), -Infinity);
    const complete = wanted.length > 0 && reached.length === wanted.length;
    const seconds = (last - t0.getTime()) / 1000;
    return {
        count: reached.length,
        of: wanted.length,
        at: complete ? new Date(last).toISOString() : null,
        seconds: complete ? seconds : null,
        perMinute: reached.length > 0 && seconds > 0 ? reached.length / (seconds / 60) : null,
        atLatest: bounded.length,
    };
}
