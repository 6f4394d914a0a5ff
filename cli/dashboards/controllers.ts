import { p99, query, type Dashboard } from "./panel";

export const controllers: Dashboard = {
    name: "controllers",
    title: "metal3-scale-lab: controllers and kube-apiserver",
    description: "Queues and reconciles of BMO, Cluster API, CAPM3, IPAM and FKAS; kube-apiserver and etcd.",
    panels: [
        {
            title: "Objects that wait in the queues",
            unit: "short",
            queries: [query("{{part}}", "controller:queue_depth:sum")],
        },
        {
            title: "Time in a queue, p99",
            unit: "s",
            queries: [query("{{part}}", "controller:queue_seconds:p99_5m")],
        },
        {
            title: "Time of a reconcile, p99",
            unit: "s",
            queries: [query("{{part}}", "controller:reconcile_seconds:p99_5m")],
        },
        {
            title: "Reconciles by their result",
            unit: "ops",
            queries: [query("{{part}} {{result}}", "controller:reconciles:rate5m")],
        },
        {
            title: "Workers that are busy",
            unit: "short",
            queries: [query("{{part}}", "sum by (part) (controller_runtime_active_workers)")],
        },
        {
            title: "CPU and memory of kube-apiserver",
            unit: "short",
            queries: [
                query("cores", 'sum(rate(process_cpu_seconds_total{job="kube-apiserver"}[5m]))'),
                query("GiB", 'sum(process_resident_memory_bytes{job="kube-apiserver"}) / 2^30'),
            ],
        },
        {
            title: "Requests of the controllers to Kubernetes",
            unit: "ops",
            queries: [query("{{part}} {{code}}", "controller:requests:rate5m")],
        },
        {
            title: "Requests to kube-apiserver by verb",
            unit: "ops",
            stacked: true,
            queries: [query("{{verb}}", "sum by (verb) (apiserver:requests:rate5m)")],
        },
        {
            title: "Requests to kube-apiserver that fail",
            note: "409 is a conflict, which controllers live with; 429 is one that was turned away.",
            unit: "ops",
            queries: [query("{{code}}", 'sum by (code) (apiserver:requests:rate5m{code=~"4..|5.."})')],
        },
        {
            title: "Time of requests to kube-apiserver, p99",
            note: "Kubernetes' objectives: 1 s for writes and single objects, 5 s for a namespace, 30 s for all.",
            unit: "s",
            queries: [
                query("writes", "apiserver:mutating_seconds:p99_5m"),
                query("reads: {{scope}}", "apiserver:read_seconds:p99_5m"),
            ],
        },
        {
            title: "Requests in flight",
            unit: "short",
            queries: [query("{{request_kind}}", "sum by (request_kind) (apiserver_current_inflight_requests)")],
        },
        {
            title: "etcd: time of a commit, p99",
            note: "The lab switches fsync off. Where the cluster is not the lab's own, etcd is not asked.",
            unit: "s",
            queries: [query("commit", "etcd:commit_seconds:p99_5m")],
        },
        {
            title: "etcd: size of its database",
            unit: "bytes",
            queries: [query("database", "sum(etcd_mvcc_db_total_size_in_bytes)")],
        },
        {
            title: "Objects in etcd, the ten kinds with most",
            unit: "short",
            queries: [query("{{resource}}", "topk(10, sum by (resource) (apiserver_storage_objects))")],
        },
        {
            title: "Changes of etcd's leader",
            unit: "short",
            queries: [query("changes", "sum(etcd_server_leader_changes_seen_total)")],
        },
        {
            title: "Requests to the fake API servers",
            unit: "ops",
            queries: [query("{{code}}", "sum by (code) (rate(fkas_workload_requests_total[5m]))")],
        },
        {
            title: "Time of those requests, p99",
            unit: "s",
            queries: [query("{{method}}", p99("fkas_workload_request_duration_seconds", "method"))],
        },
        {
            title: "Releases by the queues",
            unit: "ops",
            queries: [
                query("hosts", "sum(rate(fkas_released_hosts_total[5m]))"),
                query("clusters", "sum(rate(fkas_released_clusters_total[5m]))"),
            ],
        },
    ],
};
