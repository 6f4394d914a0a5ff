import { mean, query, type Dashboard } from "./panel";

export const ironic: Dashboard = {
    name: "ironic",
    title: "metal3-scale-lab: Ironic and MariaDB",
    description: "Ironic's nodes, locks and conductors, what BMO sees of them, and the database beneath.",
    panels: [
        {
            title: "Nodes by provision state",
            unit: "short",
            stacked: true,
            queries: [query("{{provision_state}}", "sum by (provision_state) (ironic_nodes)")],
        },
        {
            title: "Longest time in a provision state",
            unit: "s",
            queries: [query("{{provision_state}}", "max by (provision_state) (ironic_state_longest_seconds)")],
        },
        {
            title: "Locked nodes by conductor",
            unit: "short",
            stacked: true,
            queries: [query("{{conductor}}", "sum by (conductor) (ironic_nodes_locked)")],
        },
        { title: "Longest lock", unit: "s", queries: [query("lock", "max(ironic_lock_longest_seconds)")] },
        {
            title: "Nodes by conductor",
            unit: "short",
            stacked: true,
            queries: [
                query("{{conductor}}", "sum by (conductor) (ironic_conductor_nodes)"),
                query("in maintenance", "sum(ironic_nodes_maintenance)"),
            ],
        },
        {
            title: "Age of the last heartbeat of a conductor",
            unit: "s",
            queries: [query("{{conductor}}", "max by (conductor) (ironic_conductor_heartbeat_age_seconds)")],
        },
        {
            title: "BMO: inspection and provisioning of a host, mean",
            unit: "s",
            queries: [
                query("inspection", mean("metal3_operation_inspect_duration_seconds")),
                query("provisioning", mean("metal3_operation_provision_duration_seconds")),
            ],
        },
        {
            title: "BMO: changes of a host's state",
            unit: "ops",
            queries: [
                query("to {{new_state}}", "sum by (new_state) (rate(metal3_provisioning_state_change_total[5m]))"),
            ],
        },
        {
            title: "MariaDB: queries",
            unit: "ops",
            queries: [
                query("queries", "mariadb:queries:rate5m"),
                query("slow ones", "sum(rate(mysql_global_status_slow_queries[5m]))"),
            ],
        },
        {
            title: "MariaDB: connections",
            unit: "short",
            queries: [
                query("open", "sum(mysql_global_status_threads_connected)"),
                query("at work", "sum(mysql_global_status_threads_running)"),
                query("at most", "sum(mysql_global_variables_max_connections)"),
            ],
        },
        {
            title: "MariaDB: waits for a lock of a row",
            unit: "ops",
            queries: [query("waits", "sum(rate(mysql_global_status_innodb_row_lock_waits[5m]))")],
        },
        {
            title: "MariaDB: network",
            unit: "Bps",
            queries: [
                query("received", "sum(rate(mysql_global_status_bytes_received[5m]))"),
                query("sent", "sum(rate(mysql_global_status_bytes_sent[5m]))"),
            ],
        },
    ],
};
