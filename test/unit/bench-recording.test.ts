import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { expect } from "chai";
import { clusterState, hostState } from "../../cli/bench/recording/fleet-watch";
import { METRICS_SCRIPT, parseNodeMetrics, scriptArguments, targets } from "../../cli/bench/recording/node-metrics";
import { apiserverMetrics, controllerMetrics, etcdMetrics } from "../../cli/bench/recording/part-metrics";
import { parseSeries } from "../../cli/bench/recording/prometheus";
import type { ApiObject } from "../../cli/bench/stages/api-object";
import { QUEUED_ANNOTATION } from "../../plan/manifests/cluster-objects";
import { skipBecause } from "../skip";

const bucket = (name: string, labels: string, bounds: Record<string, number>): string =>
    Object.entries(bounds)
        .map(([bound, count]) => `${name}_bucket{${labels}${labels ? "," : ""}le="${bound}"} ${count}\n`)
        .join("");

const LATENCY = "apiserver_request_duration_seconds";
const APISERVER = [
    "# HELP apiserver_request_total Counter of apiserver requests\n",
    'apiserver_request_total{code="200",resource="machines",verb="PATCH"} 7\n',
    'apiserver_request_total{code="200",resource="nodes",verb="GET"} 3\n',
    'apiserver_request_total{code="409",resource="machines",verb="PUT"} 2\n',
    'apiserver_request_total{code="0",resource="machines",verb="WATCH"} 99\n',
    bucket(LATENCY, 'resource="a",scope="resource",subresource="",verb="PATCH"', { "0.1": 1, "1": 2, "+Inf": 3 }),
    bucket(LATENCY, 'resource="b",scope="resource",subresource="status",verb="PATCH"', { "0.1": 1, "1": 1, "+Inf": 1 }),
    bucket(LATENCY, 'resource="a",scope="namespace",subresource="",verb="WATCH"', { "0.1": 5, "1": 5, "+Inf": 5 }),
    bucket(LATENCY, 'resource="pods",scope="resource",subresource="proxy",verb="GET"', { "0.1": 5, "+Inf": 5 }),
].join("");

const CONTROLLER = [
    'workqueue_depth{controller="machine",name="machine",priority="0"} 3\n',
    'workqueue_depth{controller="cluster",name="cluster",priority="0"} 4\n',
    bucket("workqueue_queue_duration_seconds", 'name="machine"', { "1": 2, "+Inf": 2 }),
    bucket("controller_runtime_reconcile_time_seconds", 'controller="machine"', { "1": 5, "+Inf": 6 }),
    'controller_runtime_reconcile_errors_total{controller="machine"} 1\n',
    'rest_client_requests_total{code="200",host="h",method="GET"} 10\n',
    'workqueue_longest_running_processor_seconds{controller="machine",name="machine"} 0\n',
    'workqueue_longest_running_processor_seconds{controller="cluster",name="cluster"} 1.5\n',
    'workqueue_retries_total{controller="machine",name="machine"} 2\n',
    'workqueue_retries_total{controller="cluster",name="cluster"} 3\n',
    'controller_runtime_active_workers{controller="machine"} 8\n',
    'controller_runtime_active_workers{controller="cluster"} 1\n',
    'controller_runtime_max_concurrent_reconciles{controller="machine"} 10\n',
    'controller_runtime_max_concurrent_reconciles{controller="cluster"} 10\n',
    'rest_client_requests_total{code="409",host="h",method="PUT"} 2\n',
].join("");

const ETCD = [
    "etcd_mvcc_db_total_size_in_bytes 1.048576e+06\n",
    "etcd_server_leader_changes_seen_total 1\n",
    bucket("etcd_disk_backend_commit_duration_seconds", "", { "0.001": 9, "+Inf": 10 }),
].join("");

describe("Prometheus' text format", () => {
    it("is read with labels that hold quotes, and without what is not wanted", () => {
        const text = '# TYPE a counter\na{x="1 \\"2\\" {3}",y=""} 4\nab{x="1"} 5\na 6 1700000000\nb 7\n';
        expect(parseSeries(text, new Set(["a"]))).to.deep.equal([
            { name: "a", labels: { x: '1 \\"2\\" {3}', y: "" }, value: 4 },
            { name: "a", labels: {}, value: 6 },
        ]);
    });
});

describe("What the parts say of themselves", () => {
    it("is, of kube-apiserver, the latency by verb and scope without endless requests, and its answers", () => {
        expect(apiserverMetrics(APISERVER)).to.deep.equal({
            latency: { "PATCH resource": { bounds: [0.1, 1], counts: [2, 3, 4] } },
            codes: { "200": 10, "409": 2 },
        });
    });

    it("is, of a controller, its queues and its requests", () => {
        expect(controllerMetrics(CONTROLLER)).to.deep.equal({
            depth: 7,
            waited: { bounds: [1], counts: [2, 2] },
            reconcile: { bounds: [1], counts: [5, 6] },
            reconcileErrors: 1,
            requests: 12,
            conflicts: 2,
            longest: 1.5,
            busy: 0.8,
            retries: 5,
        });
        expect(controllerMetrics("something_else 1\n")).to.equal(undefined);
    });

    it("is, of etcd, its size and its commits; what it does not tell is null", () => {
        expect(etcdMetrics(ETCD)).to.deep.equal({
            bytes: 2 ** 20,
            commit: { bounds: [0.001], counts: [9, 10] },
            fsync: null,
            elections: 1,
        });
        expect(etcdMetrics("")).to.equal(null);
    });

    it("is taken apart by part, as the script in the node printed it", () => {
        const text = `# etcd\n${ETCD}# capi core\n${CONTROLLER}# kcp\n# fkas\n${CONTROLLER}# fkas\n${CONTROLLER}`;
        const { etcd, controllers } = parseNodeMetrics(text);
        expect(etcd?.bytes).to.equal(2 ** 20);
        expect(Object.keys(controllers)).to.deep.equal(["capi core", "fkas"]);
        expect(controllers["fkas"]?.depth).to.equal(14);
    });
});

describe("The parts that are asked", () => {
    const pod = (name: string, podIP: string, phase = "Running"): object => ({
        metadata: { name },
        status: { podIP, phase },
    });

    it("are the controllers among the pods that run, by the names of their components", () => {
        const pods = [
            pod("capi-controller-manager-6d8f9c5b7-x2x4z", "10.0.0.1"),
            pod("baremetal-operator-controller-manager-6d8f9c5b7-x2x4z", "10.0.0.2"),
            pod("fkas-0-6d8f9c5b7-x2x4z", "10.0.0.3"),
            pod("ironic-conductor-0-6d8f9c5b7-x2x4z", "10.0.0.4"),
            pod("capm3-controller-manager-6d8f9c5b7-x2x4z", "10.0.0.5", "Pending"),
        ];
        expect(targets(pods)).to.deep.equal([
            { name: "capi core", address: "10.0.0.1", port: 8443, isEncrypted: true },
            { name: "bmo", address: "10.0.0.2", port: 8443, isEncrypted: true },
            { name: "fkas", address: "10.0.0.3", port: 8080, isEncrypted: false },
        ]);
    });

    it("are asked by a script that goes on where one does not answer", async function () {
        const run = promisify(execFile);
        await run("socat", ["-V"]).catch(() => skipBecause(this, "socat is not installed"));
        let asked = "";
        const server = createServer((request, response) => {
            asked = `${request.method} ${request.url} ${request.headers.authorization}`;
            response.end(`unwanted 1\n${CONTROLLER}`);
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address() as AddressInfo;
        const there = { name: "fkas", address: "127.0.0.1", port, isEncrypted: false };
        const gone = { name: "kcp", address: "127.0.0.1", port: 1, isEncrypted: false };
        const args = scriptArguments("a-token", [gone, there]);
        const { stdout } = await run("sh", ["-c", METRICS_SCRIPT, "metrics", ...args]);
        server.close();
        expect(asked).to.equal("GET /metrics Bearer a-token");
        expect(stdout).to.include("# kcp\n# fkas\nworkqueue_depth{");
        expect(stdout).to.not.include("unwanted");
        expect(parseNodeMetrics(stdout).controllers["fkas"]?.depth).to.equal(7);
    });
});

describe("The state by which an object is counted", () => {
    const object = (status: ApiObject["status"], annotations: Record<string, string> = {}): ApiObject => ({
        metadata: { name: "one", uid: "1", creationTimestamp: "2026-11-30T10:00:00Z", annotations },
        ...(status && { status }),
    });

    it("is BMO's of a host, unless it is queued or nobody has looked at it", () => {
        expect(hostState(object({ provisioning: { state: "inspecting" } }))).to.equal("inspecting");
        expect(hostState(object({ provisioning: { state: "" } }))).to.equal("new");
        expect(hostState(object(undefined))).to.equal("new");
        expect(hostState(object(undefined, { [QUEUED_ANNOTATION]: "1" }))).to.equal("queued");
    });

    it("is, of a Cluster, whether it is Available, queued or on its way", () => {
        const available = [{ type: "Available", status: "True", lastTransitionTime: "2026-11-30T10:00:00Z" }];
        expect(clusterState(object({ conditions: available }))).to.equal("Available");
        expect(clusterState(object(undefined, { [QUEUED_ANNOTATION]: "1" }))).to.equal("queued");
        expect(clusterState(object(undefined))).to.equal("in progress");
    });
});
