import { p99, query, type Dashboard } from "./panel";

export const lab: Dashboard = {
    name: "lab",
    title: "metal3-scale-lab: the lab",
    description: "Hosts, clusters, alerts, and what the machine does for them.",
    panels: [
        {
            title: "Hosts by Ironic's provision state",
            unit: "short",
            stacked: true,
            queries: [query("{{provision_state}}", "sum by (provision_state) (ironic_nodes)")],
        },
        {
            title: "Workload clusters and their nodes",
            unit: "short",
            queries: [
                query("clusters {{state}}", "sum by (state) (fkas_clusters)"),
                query("clusters in the queue", "sum(fkas_queued_clusters)"),
                query("nodes", "sum(fkas_nodes)"),
            ],
        },
        {
            title: "Hosts in progress, and how many may be",
            unit: "short",
            queries: [
                query("in progress", "max(fkas_hosts_in_progress)"),
                query("may be in progress", "max(fkas_hosts_at_once)"),
            ],
        },
        {
            title: "Longest time in a state that a host only passes through",
            unit: "s",
            queries: [query("{{provision_state}}", "ironic:passing_longest_seconds:max")],
        },
        {
            title: "Alerts",
            unit: "short",
            stacked: true,
            queries: [query("{{alertname}}", 'sum by (alertname) (ALERTS{alertstate="firing"})')],
        },
        {
            title: "Parts that answer, by job",
            unit: "short",
            queries: [query("{{job}}", "sum by (job) (up)"), query("{{job}}: down", "sum by (job) (1 - up) > 0")],
        },
        {
            title: "CPU by pod",
            note: "From the kubelets: where the cluster is not the lab's own, they are not asked.",
            unit: "cores",
            stacked: true,
            queries: [query("{{pod}}", 'sum by (pod) (rate(container_cpu_usage_seconds_total{container!=""}[5m]))')],
        },
        {
            title: "Memory by pod",
            unit: "bytes",
            stacked: true,
            queries: [query("{{pod}}", 'sum by (pod) (container_memory_working_set_bytes{container!=""})')],
        },
        {
            title: "Pods by node",
            unit: "short",
            stacked: true,
            queries: [query("{{node}}", "sum by (node) (kubelet_running_pods)")],
        },
        {
            title: "Fake agents by what they do",
            unit: "short",
            stacked: true,
            queries: [query("{{state}}", "sum by (state) (fake_ipa_agents)")],
        },
        {
            title: "Fake agents: boot, and Ironic's answers, p99",
            unit: "s",
            queries: [
                query("boot", p99("fake_ipa_boot_seconds", "")),
                query("{{request}}", p99("fake_ipa_ironic_request_seconds", "request")),
            ],
        },
        {
            title: "What Prometheus itself keeps",
            unit: "short",
            queries: [
                query("series", "sum(prometheus_tsdb_head_series)"),
                query("samples a second", "sum(rate(prometheus_tsdb_head_samples_appended_total[5m]))"),
            ],
        },
    ],
};
