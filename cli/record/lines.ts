import { z } from "zod";

/**
 * Version of the record's format. It rises when a line loses a field, or a field another meaning; new fields and new
 * kinds of lines do not change it, and a reader passes over kinds that it does not know.
 */
export const RECORD_SCHEMA = 1;

const seconds = z.number();
const byName = z.record(z.string(), z.number());

/**
 * A histogram as Prometheus counts: how many measurements were at most as large as each bound, since the part began.
 * `counts` has one number more than `bounds`: all measurements.
 */
const histogram = z
    .object({ bounds: z.array(z.number()), counts: z.array(z.number()) })
    .refine(
        ({ bounds, counts }) => counts.length === bounds.length + 1,
        "counts must have one number more than bounds",
    );

export type Histogram = z.infer<typeof histogram>;

const command = z.object({ seconds, cpuSeconds: z.number(), peakMemoryBytes: z.number() });

const component = z.object({ component: z.string(), cpuSeconds: z.number(), peakMemoryBytes: z.number() });

/** The first line: what the record is of. */
const header = z.object({
    line: z.literal("header"),
    schema: z.literal(RECORD_SCHEMA),
    /** When the run began, ISO 8601. All `t` are seconds from here. */
    began: z.string(),
    stack: z.string(),
    /** Which of two labs that are compared. */
    side: z.enum(["A", "B"]).optional(),
    hosts: z.number(),
    clusters: z.number(),
    /** How many of these hosts and clusters the lab had before. Absent: none. */
    existing: z.number().optional(),
    existingClusters: z.number().optional(),
    tuning: z.string(),
    /** Configuration beside the sizes. */
    settings: z.record(z.string(), z.string()),
    /** Versions of what the lab runs, by name. */
    versions: z.record(z.string(), z.string()),
    commit: z.string(),
    machine: z.object({ cpus: z.number(), model: z.string(), memoryBytes: z.number() }),
    /** CPU-milliseconds of a fixed piece of work before the run. */
    calibrationMs: z.number().nullable(),
    /** Pause between two samples of a kind, seconds. Absent: that kind is not sampled. */
    everySeconds: byName,
    /** The command that makes such a run again. */
    command: z.string(),
});

/** The first new host was there, or the first new Cluster where no host is new: what is measured begins. */
const firstHost = z.object({ line: z.literal("first-host"), t: seconds });

/** CPU and memory by component. CPU-seconds are counted from the first host. */
const usage = z.object({
    line: z.literal("usage"),
    t: seconds,
    cpuSeconds: byName,
    memoryBytes: byName,
    machineCpuSeconds: z.number(),
    machineMemoryBytes: z.number(),
});

/**
 * Numbers of hosts by BMO's state, and of Clusters by whether they are queued, in progress or Available: of those that
 * the lab did not have before.
 */
const fleet = z.object({ line: z.literal("fleet"), t: seconds, hosts: byName, clusters: byName });

/** How long Ironic took to answer for one node, and for the list of all nodes. */
const ironic = z.object({
    line: z.literal("ironic"),
    t: seconds,
    nodes: z.number(),
    oneNodeMs: z.number(),
    listingMs: z.number(),
});

/** What a controller says of its work, over all its queues. */
const controller = z.object({
    /** Objects that wait in its queues now. */
    depth: z.number(),
    /** Seconds that objects waited in its queues. */
    waited: histogram.nullable(),
    /** Seconds that a reconcile took. */
    reconcile: histogram.nullable(),
    reconcileErrors: z.number(),
    /** Requests to kube-apiserver, and those that it refused because of a conflict. */
    requests: z.number(),
    conflicts: z.number(),
    /** Seconds that the longest reconcile that runs now has taken. Earlier records lack this and what follows. */
    longest: z.number().nullable().default(null),
    /** Share of the workers of its busiest controller that are at work. */
    busy: z.number().nullable().default(null),
    /** How often objects were put into its queues again because their reconcile had failed. */
    retries: z.number().nullable().default(null),
});

/** What the parts' own metrics say. Null: the part was not reached. */
const metrics = z.object({
    line: z.literal("metrics"),
    t: seconds,
    apiserver: z
        .object({
            /** Seconds that requests took, by verb and scope: "LIST namespace". Watches are left out. */
            latency: z.record(z.string(), histogram),
            /** Requests by code of the answer. */
            codes: byName,
        })
        .nullable(),
    etcd: z
        .object({
            bytes: z.number(),
            commit: histogram.nullable(),
            fsync: histogram.nullable(),
            elections: z.number(),
        })
        .nullable(),
    controllers: z.record(z.string(), controller),
    /** What MariaDB has counted since it began. Earlier records do not have it. */
    mariadb: z
        .object({ queries: z.number(), slowQueries: z.number(), rowLockWaits: z.number(), rowLockMs: z.number() })
        .nullable()
        .default(null),
});

/** What BMO's log says of Ironic, counted at the end of the run. */
const bmoLog = z.object({
    line: z.literal("bmo-log"),
    t: seconds,
    /** Requests that Ironic refused because a conductor held the host's lock. */
    locked: z.number(),
    /** Requests that Ironic answered with 5xx. */
    serverErrors: z.number(),
});

/** When things happened to the objects of a kind, seconds from `began`; events by the names of cli/bench/stages. */
const objects = z.object({
    line: z.literal("objects"),
    kind: z.enum(["hosts", "clusters", "machines"]),
    objects: z.array(z.object({ name: z.string(), events: byName })),
});

/** What the run has come to, when the lab was where it should be. */
const result = z.object({
    line: z.literal("result"),
    t: seconds,
    /** Objects that have not become what they should. */
    failed: z.number(),
    /** Stages that took an object more than a minute longer than the median. */
    stalls: z.number(),
    /** Hosts that were registered more than once. */
    registeredAgain: z.number(),
    /** Requests of the benchmark that Ironic did not answer; null: it sent none. */
    ironicFailures: z.number().nullable(),
    /** Seconds from the line `first-host` to the end of `up`. */
    growthSeconds: seconds,
    pulumiCpuSeconds: z.number(),
    /** CPU and memory from the first host on; null where the lab is not on this machine. */
    machine: z
        .object({
            cpuSeconds: z.number(),
            peakBytes: z.number(),
            bytesBefore: z.number(),
            failedSamples: z.number(),
            components: z.array(component),
        })
        .nullable(),
    commands: z.object({
        preview: command.optional(),
        up: command,
        noChangeUp: command.optional(),
        previewAfter: command.optional(),
    }),
    /** Null: not looked at. */
    state: z.object({ resources: z.number(), bytes: z.number().optional() }).nullable(),
    /** Cores in use at rest; null: not measured. */
    idleCores: z.number().nullable(),
});

/** The last line. A record without it is of a run that was killed, or runs still. */
const end = z.object({
    line: z.literal("end"),
    t: seconds,
    /** Why the run failed; null: it did not. */
    error: z.string().nullable(),
    calibrationMs: z.number().nullable(),
    destroy: command.nullable(),
});

export const recordLine = z.discriminatedUnion("line", [
    header,
    firstHost,
    usage,
    fleet,
    ironic,
    metrics,
    bmoLog,
    objects,
    result,
    end,
]);

export type RecordLine = z.infer<typeof recordLine>;
export type Header = z.infer<typeof header>;
export type UsageLine = z.infer<typeof usage>;
export type FleetLine = z.infer<typeof fleet>;
export type IronicLine = z.infer<typeof ironic>;
export type MetricsLine = z.infer<typeof metrics>;
export type BmoLogLine = z.infer<typeof bmoLog>;
export type ObjectsLine = z.infer<typeof objects>;
export type ResultLine = z.infer<typeof result>;
export type EndLine = z.infer<typeof end>;
