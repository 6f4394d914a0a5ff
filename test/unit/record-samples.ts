import type { Header, MetricsLine, RecordLine, ResultLine } from "../../cli/record/lines";
import { recordOf, type RunRecord } from "../../cli/record/record";

export const HEADER: Header = {
    line: "header",
    schema: 1,
    began: "2026-11-30T10:00:00.000Z",
    stack: "bench",
    hosts: 20,
    clusters: 10,
    tuning: "lab",
    settings: { provisioningCidr: "192.168.244.0/22" },
    versions: { ironic: "38.0.0" },
    commit: "a1b2c3d",
    machine: { cpus: 2, model: "a processor", memoryBytes: 24 * 2 ** 30 },
    calibrationMs: 140,
    everySeconds: { usage: 10, fleet: 10, metrics: 30, ironic: 10 },
    command: "npm run bench -- --nodes 20 --clusters 10",
};

/** Host N was released at N s, and needed 5, 10, 15 and 20 + N s for its stages. */
export const host = (index: number): { name: string; events: Record<string, number> } => ({
    name: `host-${String(index).padStart(4, "0")}`,
    events: {
        created: 100 + index,
        registerStart: 100 + index,
        registered: 105 + index,
        inspectStart: 105 + index,
        enrolled: 115 + index,
        available: 130 + index,
        provisionStart: 130 + index,
        firstProvisioned: 150 + 2 * index,
    },
});

export const cluster = (index: number): { name: string; events: Record<string, number> } => ({
    name: `cluster-${String(index).padStart(4, "0")}`,
    events: {
        created: 130 + index,
        infrastructureReady: 131 + index,
        controlPlaneInitialized: 160 + index,
        available: 162 + index,
    },
});

/** kube-apiserver's counts after `requests` requests: half of them took up to 0.1 s, the others up to 1 s. */
export const metrics = (t: number, requests: number, depth = 0): MetricsLine => {
    const histogram = { bounds: [0.1, 1, 5], counts: [requests / 2, requests, requests, requests] };
    return {
        line: "metrics",
        t,
        apiserver: {
            latency: { "PATCH resource": histogram, "GET resource": histogram, "LIST namespace": histogram },
            codes: { "200": requests, "409": requests / 10 },
        },
        mariadb: { queries: 50 * requests, slowQueries: 0, rowLockWaits: requests / 50, rowLockMs: 10 * requests },
        etcd: { bytes: 2 ** 20 * (1 + t / 100), commit: histogram, fsync: histogram, elections: 1 },
        controllers: {
            "capi core": {
                depth,
                waited: histogram,
                reconcile: histogram,
                reconcileErrors: requests / 100,
                requests,
                conflicts: 0,
                longest: 2,
                busy: 0.5,
                retries: requests / 50,
            },
        },
    };
};

const command = (seconds: number): { seconds: number; cpuSeconds: number; peakMemoryBytes: number } => ({
    seconds,
    cpuSeconds: seconds / 2,
    peakMemoryBytes: 2 ** 28,
});

export const RESULT: ResultLine = {
    line: "result",
    t: 200,
    failed: 0,
    stalls: 0,
    registeredAgain: 1,
    ironicFailures: 0,
    growthSeconds: 100,
    pulumiCpuSeconds: 10,
    machine: {
        cpuSeconds: 130,
        peakBytes: 4 * 2 ** 30,
        bytesBefore: 2 ** 30,
        failedSamples: 0,
        components: [
            { component: "kube-apiserver", cpuSeconds: 60, peakMemoryBytes: 2 ** 30 },
            { component: "ironic http", cpuSeconds: 40, peakMemoryBytes: 2 ** 29 },
        ],
    },
    commands: { preview: command(8), up: command(120), noChangeUp: command(20), previewAfter: command(9) },
    state: { resources: 200, bytes: 2 ** 20 },
    idleCores: null,
};

const usage = (t: number, share: number): RecordLine => ({
    line: "usage",
    t,
    cpuSeconds: { "kube-apiserver": 60 * share, "ironic http": 40 * share },
    memoryBytes: { "kube-apiserver": 2 ** 29 * (1 + share), "ironic http": 2 ** 28 },
    machineCpuSeconds: 130 * share,
    machineMemoryBytes: 3 * 2 ** 30,
});

/** All lines of a run of 20 hosts and 10 clusters that came to its end. */
export const LINES: readonly RecordLine[] = [
    { line: "first-host", t: 100 },
    metrics(100, 0),
    usage(100, 0),
    { line: "fleet", t: 100, hosts: { queued: 15, registering: 5 }, clusters: { queued: 10 } },
    { line: "ironic", t: 110, nodes: 5, oneNodeMs: 20, listingMs: 40 },
    metrics(130, 500, 7),
    usage(140, 0.5),
    { line: "fleet", t: 140, hosts: { available: 12, provisioning: 8 }, clusters: { queued: 2, "in progress": 8 } },
    { line: "ironic", t: 150, nodes: 20, oneNodeMs: 30, listingMs: 80 },
    metrics(190, 1000, 3),
    usage(190, 1),
    { line: "fleet", t: 190, hosts: { provisioned: 20 }, clusters: { Available: 10 } },
    { line: "objects", kind: "hosts", objects: Array.from({ length: 20 }, (_, index) => host(index)) },
    { line: "objects", kind: "clusters", objects: Array.from({ length: 10 }, (_, index) => cluster(index)) },
    RESULT,
    { line: "end", t: 240, error: null, calibrationMs: 160, destroy: command(30) },
];

/** A record of that run, with other lines in place of some. */
export const sample = (lines: readonly RecordLine[] = LINES, header: Partial<Header> = {}): RunRecord =>
    recordOf({ ...HEADER, ...header }, lines);
