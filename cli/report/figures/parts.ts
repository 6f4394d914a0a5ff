import { between, together } from "../../record/histogram";
import type { BmoLogLine, Histogram, MetricsLine } from "../../record/lines";
import type { RunRecord } from "../../record/record";
import { partName, type Definition, type Family, type Single } from "./definition";
import { histogramSpread, spread, type Measured } from "./measured";

type Take<T> = (line: MetricsLine) => T | null | undefined;

/**
 * What the first and the last look at the parts found. A controller that the first look did not find has begun since:
 * all that it counts is of the run, and there is no first. Of kube-apiserver and etcd, which are there from the
 * beginning, the first look that reached them counts.
 */
function looks<T>({ metrics }: RunRecord, take: Take<T>, beginsLater = false): [T | undefined, T] | undefined {
    const found = metrics.flatMap((line) => take(line) ?? []);
    const last = found.at(-1);
    if (last === undefined || metrics.length < 2) {
        return undefined;
    }
    const isNew = beginsLater && (metrics[0] === undefined || (take(metrics[0]) ?? null) === null);
    return isNew ? [undefined, last] : found.length < 2 ? undefined : [found[0], last];
}

/** How much a count rose from the first look to the last; one that was begun anew counts from there. */
function rise(record: RunRecord, take: Take<number>, beginsLater = false): number | undefined {
    const [first = 0, last] = looks(record, take, beginsLater) ?? [];
    if (last === undefined) {
        return undefined;
    }
    return last < first ? last : last - first;
}

const overRun = (record: RunRecord, take: Take<Histogram>, beginsLater = false): Measured | undefined => {
    const found = looks(record, take, beginsLater);
    return found && histogramSpread(between(...found));
};

/** Kinds of requests by which Kubernetes' own objectives are set; how a request's verb and scope tell its kind. */
export const REQUEST_KINDS = {
    mutating: /^(POST|PUT|PATCH|DELETE|APPLY|DELETECOLLECTION) /,
    single: /^GET /,
    namespace: /^LIST namespace$/,
    cluster: /^LIST cluster$/,
} as const;

export type RequestKind = keyof typeof REQUEST_KINDS;

/** Objectives of Kubernetes' SIG Scalability for the 99th percentile, seconds. */
export const OBJECTIVES: Record<RequestKind, number> = { mutating: 1, single: 1, namespace: 5, cluster: 30 };

const KIND_WORDS: Record<RequestKind, string> = {
    mutating: "Requests that write",
    single: "GETs of one object",
    namespace: "Lists of a namespace",
    cluster: "Lists of the whole cluster",
};

/** The latency of a kind of requests at one look. */
export const requestLatency = ({ apiserver }: MetricsLine, kind: RequestKind): Histogram | undefined =>
    apiserver === null
        ? undefined
        : together(
              Object.entries(apiserver.latency).flatMap(([key, each]) => (REQUEST_KINDS[kind].test(key) ? [each] : [])),
          );

const apiserver: Definition[] = [
    ...(Object.keys(REQUEST_KINDS) as RequestKind[]).map((kind): Single => ({
        name: `apiserver.${kind}`,
        group: "apiserver",
        meaning: `${KIND_WORDS[kind]}, webhooks included; Kubernetes' objective: p99 ≤ ${OBJECTIVES[kind]} s.`,
        unit: "s",
        of: (record) => overRun(record, (line) => requestLatency(line, kind)),
    })),
    {
        name: "apiserver.request.*",
        group: "apiserver",
        meaning: "Requests of a verb and a scope.",
        unit: "s",
        each: (record) => {
            const [first = {}, last] = looks(record, ({ apiserver: found }) => found?.latency) ?? [];
            return Object.fromEntries(
                Object.entries(last ?? {}).map(([key, later]) => [key, histogramSpread(between(first[key], later))]),
            );
        },
    },
    {
        name: "apiserver.calls.*",
        group: "apiserver",
        meaning: "Requests of a controller.",
        unit: "",
        isNumber: true,
        each: (record) =>
            ofControllers(record, (name) => rise(record, (line) => line.controllers[name]?.requests, true)),
    },
];

/** Requests that kube-apiserver answered with a code. */
const answered = (name: string, meaning: string, code: RegExp): Single => ({
    name,
    group: "failures",
    meaning,
    unit: "",
    isNumber: true,
    of: (record) =>
        rise(record, ({ apiserver: found }) =>
            found === null
                ? null
                : Object.entries(found.codes).reduce((sum, [each, count]) => (code.test(each) ? sum + count : sum), 0),
        ),
});

function saidByBmo(name: string, meaning: string, take: (line: BmoLogLine) => number): Single {
    const of: Single["of"] = ({ bmoLog }) => bmoLog && take(bmoLog);
    return { name, group: "failures", meaning, unit: "", isNumber: true, of };
}

/** What kube-apiserver and Ironic refused. */
export const ANSWER_FIGURES: readonly Single[] = [
    answered("apiserver.conflicts", "Requests that kube-apiserver refused for a conflict (409).", /^409$/),
    answered("apiserver.throttled", "Requests that it turned away as too many (429).", /^429$/),
    answered("apiserver.errors", "Requests that it could not answer (5xx).", /^5/),
    saidByBmo(
        "ironic.locked",
        "Requests of BMO that Ironic refused, because a conductor held the host's lock.",
        ({ locked }) => locked,
    ),
    saidByBmo(
        "ironic.errors",
        "Requests of BMO that Ironic could not answer (5xx).",
        ({ serverErrors }) => serverErrors,
    ),
];

const ironic = (name: string, meaning: string, take: (line: RunRecord["ironic"][number]) => number): Single => ({
    name,
    group: "ironic",
    meaning,
    unit: "s",
    of: (record) => spread(record.ironic.map((line) => take(line) / 1000)),
});

/** A figure of each controller that any look reached. */
function ofControllers(
    { metrics }: RunRecord,
    of: (controller: string) => Measured | undefined,
): Record<string, Measured | undefined> {
    const names = [...new Set(metrics.flatMap(({ controllers }) => Object.keys(controllers)))].sort();
    return Object.fromEntries(names.map((name) => [partName(name), of(name)]));
}

const queue = (
    name: string,
    meaning: string,
    unit: "s" | "",
    of: (record: RunRecord, controller: string) => Measured | undefined,
): Family => ({
    name: `queue.${name}.*`,
    group: "queues",
    meaning,
    unit,
    isNumber: name === "errors" || name === "retries",
    each: (record) => ofControllers(record, (controller) => of(record, controller)),
});

const etcd = (name: string, meaning: string, unit: "s" | "B" | "", of: Single["of"]): Single => ({
    name: `etcd.${name}`,
    group: "stores",
    meaning,
    unit,
    isNumber: name === "elections",
    of,
});

const mariadb = (
    name: string,
    meaning: string,
    unit: "" | "s",
    take: (counted: NonNullable<MetricsLine["mariadb"]>) => number,
): Single => ({
    name: `mariadb.${name}`,
    group: "stores",
    meaning,
    unit,
    isNumber: true,
    of: (record) => rise(record, ({ mariadb: found }) => found && take(found)),
});

/** Figures from what the parts say of themselves. */
export const PART_FIGURES: readonly Definition[] = [
    ...apiserver,
    ironic("ironic.get", "Ironic's answers to a GET of one node.", ({ oneNodeMs }) => oneNodeMs),
    ironic("ironic.list", "Its answers to the list of all nodes, as BMO asks for it.", ({ listingMs }) => listingMs),
    queue("depth", "Objects that wait in the queues of a controller, at each look.", "", ({ metrics }, name) =>
        spread(metrics.flatMap(({ controllers }) => controllers[name]?.depth ?? [])),
    ),
    queue("waited", "How long objects waited in them.", "s", (record, name) =>
        overRun(record, ({ controllers }) => controllers[name]?.waited, true),
    ),
    queue("reconcile", "How long a reconcile of the controller took.", "s", (record, name) =>
        overRun(record, ({ controllers }) => controllers[name]?.reconcile, true),
    ),
    queue("longest", "How long the longest reconcile that ran had taken, at each look.", "s", ({ metrics }, name) =>
        spread(metrics.flatMap(({ controllers }) => controllers[name]?.longest ?? [])),
    ),
    queue(
        "busy",
        "Share of workers at work, at each look, of its controller with the largest: at 1 objects wait for a worker.",
        "",
        ({ metrics }, name) => spread(metrics.flatMap(({ controllers }) => controllers[name]?.busy ?? [])),
    ),
    queue("retries", "How often an object was put into a queue again, after a failure.", "", (record, name) =>
        rise(record, ({ controllers }) => controllers[name]?.retries, true),
    ),
    queue("errors", "Reconciles that ended with an error, conflicts among them.", "", (record, name) =>
        rise(record, ({ controllers }) => controllers[name]?.reconcileErrors, true),
    ),
    etcd("bytes", "Size of its database, at each look.", "B", ({ metrics }) =>
        spread(metrics.flatMap(({ etcd: found }) => found?.bytes ?? [])),
    ),
    etcd("commit", "Time of a commit to its database.", "s", (record) => overRun(record, (line) => line.etcd?.commit)),
    etcd("fsync", "Time of an fsync of its log; the lab switches them off.", "s", (record) =>
        overRun(record, (line) => line.etcd?.fsync),
    ),
    etcd("elections", "Changes of its leader during the run.", "", (record) =>
        rise(record, (line) => line.etcd?.elections),
    ),
    mariadb("queries", "Queries that MariaDB answered.", "", ({ queries }) => queries),
    mariadb("slow", "Of them those that took longer than its `long_query_time`, 10 s.", "", (all) => all.slowQueries),
    mariadb("lock-waits", "How often one waited for a row that another had locked.", "", (all) => all.rowLockWaits),
    mariadb("lock-time", "How long they waited for that in all.", "s", ({ rowLockMs }) => rowLockMs / 1000),
];
