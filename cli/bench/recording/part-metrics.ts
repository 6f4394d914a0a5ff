import type { MetricsLine } from "../../record/lines";
import { histogram, histograms, parseSeries, total, type Series } from "./prometheus";

type Apiserver = NonNullable<MetricsLine["apiserver"]>;
type Etcd = NonNullable<MetricsLine["etcd"]>;
type Controller = MetricsLine["controllers"][string];

const REQUESTS = "apiserver_request_total";
const LATENCY = "apiserver_request_duration_seconds";
const APISERVER = new Set([REQUESTS, `${LATENCY}_bucket`]);

/** Requests that last as long as whoever asks wants them to. */
const ENDLESS = new Set(["WATCH", "WATCHLIST", "CONNECT"]);

/** What kube-apiserver says of the requests that it has answered. */
export function apiserverMetrics(text: string): Apiserver {
    const all = parseSeries(text, APISERVER);
    const codes: Record<string, number> = {};
    for (const { name, labels, value } of all) {
        const { code, verb = "" } = labels;
        if (name === REQUESTS && code !== undefined && !ENDLESS.has(verb)) {
            codes[code] = (codes[code] ?? 0) + value;
        }
    }
    const latency = histograms(all, LATENCY, ({ verb = "", scope, subresource = "" }) =>
        ENDLESS.has(verb) || !scope || ["proxy", "exec", "log"].includes(subresource) ? undefined : `${verb} ${scope}`,
    );
    return { latency, codes };
}

const ETCD_BYTES = "etcd_mvcc_db_total_size_in_bytes";
const ETCD_COMMIT = "etcd_disk_backend_commit_duration_seconds";
const ETCD_FSYNC = "etcd_disk_wal_fsync_duration_seconds";
const ETCD_ELECTIONS = "etcd_server_leader_changes_seen_total";
const ETCD = new Set([ETCD_BYTES, `${ETCD_COMMIT}_bucket`, `${ETCD_FSYNC}_bucket`, ETCD_ELECTIONS]);

/** What etcd says of itself; null: the text is none of etcd's. */
export function etcdMetrics(text: string): Etcd | null {
    const all = parseSeries(text, ETCD);
    return all.length === 0
        ? null
        : {
              bytes: total(all, ETCD_BYTES),
              commit: histogram(all, ETCD_COMMIT),
              fsync: histogram(all, ETCD_FSYNC),
              elections: total(all, ETCD_ELECTIONS),
          };
}

const DEPTH = "workqueue_depth";
const WAITED = "workqueue_queue_duration_seconds";
const RECONCILE = "controller_runtime_reconcile_time_seconds";
const ERRORS = "controller_runtime_reconcile_errors_total";
const CALLS = "rest_client_requests_total";
const LONGEST = "workqueue_longest_running_processor_seconds";
const RETRIES = "workqueue_retries_total";
const AT_WORK = "controller_runtime_active_workers";
const WORKERS = "controller_runtime_max_concurrent_reconciles";
const CONTROLLER = new Set([
    ...[DEPTH, `${WAITED}_bucket`, `${RECONCILE}_bucket`, ERRORS, CALLS],
    ...[LONGEST, RETRIES, AT_WORK, WORKERS],
]);

/** What a controller says of its work; undefined: the text is none of a controller's. */
export function controllerMetrics(text: string): Controller | undefined {
    const all = parseSeries(text, CONTROLLER);
    if (all.length === 0) {
        return undefined;
    }
    const conflicts = all.filter(({ labels }) => labels["code"] === "409");
    return {
        depth: total(all, DEPTH),
        waited: histogram(all, WAITED),
        reconcile: histogram(all, RECONCILE),
        reconcileErrors: total(all, ERRORS),
        requests: total(all, CALLS),
        conflicts: total(conflicts, CALLS),
        longest: Math.max(0, ...valuesOf(all, LONGEST).values()),
        busy: busiest(all),
        retries: total(all, RETRIES),
    };
}

/** The values of a metric by the controller that they are about. */
const valuesOf = (all: readonly Series[], wanted: string): Map<string, number> =>
    new Map(
        all.flatMap(({ name, labels, value }) =>
            name === wanted ? [[labels["controller"] ?? labels["name"] ?? "", value] as const] : [],
        ),
    );

/** The largest share of workers at work of any controller of a program; null where it does not say how many it has. */
function busiest(all: readonly Series[]): number | null {
    const atWork = valuesOf(all, AT_WORK);
    const shares = [...valuesOf(all, WORKERS)].flatMap(([controller, workers]) =>
        workers > 0 ? [(atWork.get(controller) ?? 0) / workers] : [],
    );
    return shares.length === 0 ? null : Math.max(...shares);
}

/** Names that a script in the node has to let through: everything above but kube-apiserver's. */
export const NODE_PATTERN = `^(${[...ETCD, ...CONTROLLER].join("|")})[{ ]`;
