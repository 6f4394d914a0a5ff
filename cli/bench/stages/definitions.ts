import type { HostTimeline, Timeline } from "./timeline";

/** A span of an object's life, between two of its events. */
export interface Stage<T extends Timeline = Timeline> {
    name: string;
    from: string;
    to: string;
    /** What the time is spent on. */
    meaning: string;
    /** Whether an object that has begun the stage is on its way to the end. Default: unless it is being deleted. */
    underWay?: (object: T) => boolean;
    /** Whether a long time in the stage needs an explanation. Default: yes. */
    stalls?: boolean;
}

export const unlessDeleted = ({ deleting }: Timeline): boolean => !deleting;

/** Whether BMO has the host in one of the states; "" is the state of a host that BMO has not looked at yet. */
const inState =
    (...states: string[]) =>
    ({ state }: HostTimeline): boolean =>
        states.includes(state);

export const HOST_STAGES: Stage<HostTimeline>[] = [
    {
        name: "queue",
        from: "queued",
        to: "created",
        meaning: "the host is not released yet (FKAS limits how many are in progress); the other stages begin then",
        stalls: false,
    },
    {
        name: "wait for BMO",
        from: "created",
        to: "registerStart",
        meaning: "the host waits until BMO looks at it for the first time",
        underWay: inState(""),
    },
    {
        name: "register",
        from: "registerStart",
        to: "registered",
        meaning: "BMO registers the host in Ironic and waits for a slot (PROVISIONING_LIMIT) to inspect it",
        underWay: inState("registering"),
    },
    {
        name: "inspect",
        from: "inspectStart",
        to: "enrolled",
        meaning: "Ironic inspects the host; this begins when the registration ends",
        underWay: inState("inspecting"),
    },
    {
        name: "prepare",
        from: "enrolled",
        to: "available",
        meaning: "Ironic prepares and cleans the host; this is known only of hosts that are available at the end",
        underWay: inState("preparing"),
    },
    {
        name: "wait for a machine",
        from: "idle",
        to: "associated",
        meaning: "the host is available and no machine has taken it",
        underWay: ({ state, wanted }) => state === "available" && !wanted,
        stalls: false,
    },
    {
        name: "wait for provisioning",
        from: "associated",
        to: "provisionAsked",
        meaning: "a machine has taken the host, and BMO has not begun: it has not looked yet, or waits for a slot",
        underWay: inState("available"),
    },
    {
        name: "provision",
        from: "provisionStart",
        to: "provisionEnd",
        meaning: "Ironic writes the image and boots the host",
        underWay: inState("provisioning"),
    },
    {
        name: "register again",
        from: "registerAgainStart",
        to: "registeredAgain",
        meaning: "a registration after the first: BMO saw other credentials, or Ironic did not know the host any more",
    },
    {
        name: "deprovision",
        from: "deprovisionStart",
        to: "deprovisioned",
        meaning: "Ironic releases the host again",
        underWay: inState("deprovisioning"),
    },
    {
        name: "created to enrolled",
        from: "created",
        to: "enrolled",
        meaning: "everything until the end of the inspection",
    },
    {
        name: "created to available",
        from: "created",
        to: "available",
        meaning: "everything until the host can be provisioned",
        underWay: (host) => unlessDeleted(host) && inState("", "registering", "inspecting", "preparing")(host),
    },
    {
        name: "created to provisioned",
        from: "created",
        to: "firstProvisioned",
        meaning: "everything until the host is provisioned for the first time",
        underWay: ({ wanted, deleting, events }) => wanted && !deleting && events["deprovisionStart"] === undefined,
    },
];

export const CLUSTER_STAGES: Stage[] = [
    {
        name: "queue",
        from: "queued",
        to: "created",
        meaning: "the cluster waits until enough hosts are available for it; the stages below begin with its release",
        stalls: false,
    },
    {
        name: "infrastructure",
        from: "created",
        to: "infrastructureReady",
        meaning: "CAPM3 makes its Metal3Cluster ready",
    },
    {
        name: "control plane",
        from: "infrastructureReady",
        to: "controlPlaneInitialized",
        meaning: "its first control-plane machine comes up",
    },
    {
        name: "settle",
        from: "controlPlaneInitialized",
        to: "available",
        meaning: "the cluster becomes Available after its control plane is initialized",
    },
    {
        name: "connection",
        from: "created",
        to: "connected",
        meaning: "Cluster API reaches the cluster's API server; this runs beside the other stages",
    },
    { name: "created to Available", from: "created", to: "available", meaning: "everything" },
];

export const MACHINE_STAGES: Stage[] = [
    { name: "bootstrap", from: "created", to: "bootstrapReady", meaning: "its bootstrap data is made" },
    { name: "take a host", from: "bootstrapReady", to: "associated", meaning: "CAPM3 chooses a host" },
    {
        name: "infrastructure",
        from: "bootstrapReady",
        to: "infrastructureReady",
        meaning: "its Metal3Machine becomes ready: a host is chosen and provisioned, and its node is found",
    },
    {
        name: "host to infrastructure",
        from: "hostProvisioned",
        to: "infrastructureReady",
        meaning: "the part of the stage infrastructure that follows the provisioning of the host",
    },
    {
        name: "node",
        from: "infrastructureReady",
        to: "nodeHealthy",
        meaning: "Cluster API sees the machine's node healthy",
    },
    { name: "created to Ready", from: "created", to: "ready", meaning: "everything" },
];
