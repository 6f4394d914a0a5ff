import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import type Docker from "dockerode";
import { UsageMeter } from "../../cli/bench/usage";
import { UsageLedger, type Sight } from "../../cli/bench/usage-ledger";
import { dockerRole, podComponent, processComponent, workload } from "../../cli/bench/usage-names";
import {
    busySeconds,
    containerIds,
    nodeSights,
    parseDescriptions,
    parseSample,
    SAMPLE_SCRIPT,
} from "../../cli/bench/usage-node";

const MIB = 2 ** 20;
const id = (letter: string): string => letter.repeat(64);

describe("the names of components", () => {
    const pods: [pod: string, container: string | undefined, component: string][] = [
        ["ironic-conductor-0-6c8f9d7b54-x2x4z", "ironic", "ironic"],
        ["ironic-conductor-12-6c8f9d7b54-x2x4z", "http", "ironic http"],
        ["ironic-conductor-1-6c8f9d7b54-x2x4z", "provisioning-ip", "ironic provisioning-ip"],
        ["ironic-conductor-1-6c8f9d7b54-x2x4z", "prepare", "ironic prepare"],
        ["ironic-mariadb-bcd456789-qqqqq", "mariadb", "mariadb"],
        ["ironic-image-server-5b6c7d8f9-2gq7c", "nginx", "image-server"],
        ["baremetal-operator-controller-manager-7f4b6c5d8-zk9vl", "manager", "bmo"],
        ["capi-controller-manager-6d5c5b8f9d-x2x4z", "manager", "capi core"],
        ["capi-kubeadm-control-plane-controller-manager-7f4b6c5d8-zk9vl", "manager", "kcp"],
        ["capi-kubeadm-bootstrap-controller-manager-7f4b6c5d8-zk9vl", "manager", "bootstrap"],
        ["capm3-controller-manager-7f4b6c5d8-zk9vl", "manager", "capm3"],
        ["ipam-controller-manager-7f4b6c5d8-zk9vl", "manager", "ipam"],
        ["fkas-0-7f4b6c5d8-zk9vl", "fkas", "fkas"],
        ["fkas-11-7f4b6c5d8-zk9vl", "fkas", "fkas"],
        ["coredns-7f4b6c5d8-zk9vl", "coredns", "coredns"],
        ["some-controller-manager-7f4b6c5d8-zk9vl", "manager", "some-controller-manager"],
        ["some-agent-zk9vl", "helper", "some-agent helper"],
        ["fkas-0-7f4b6c5d8-zk9vl", undefined, "pod sandboxes"],
    ];
    for (const [pod, container, component] of pods) {
        it(`${container ?? "the sandbox"} of ${pod} is ${component}`, () => {
            expect(podComponent(container === undefined ? { pod } : { pod, container })).to.equal(component);
        });
    }

    it("keep what only looks generated: vowels, 0, 1 and 3 never are", () => {
        expect(workload("alone")).to.equal("alone");
        expect(workload("metal3-stone")).to.equal("metal3-stone");
        expect(workload("database-0")).to.equal("database");
    });

    it("tell nodes from fake nodes", () => {
        expect(dockerRole("control-plane")).to.deep.equal({ node: true });
        expect(dockerRole("worker-1")).to.deep.equal({ node: true });
        expect(dockerRole("pair-007-sushy-tools")).to.deep.equal({ component: "sushy-tools" });
        expect(dockerRole("pair-1234-fake-ipa")).to.deep.equal({ component: "fake-ipa" });
        expect(dockerRole("registry")).to.deep.equal({ component: "registry" });
    });

    it("know the node's processes by what the kernel keeps of their names", () => {
        expect(
            ["kube-controller-manager", "containerd-shim-runc-v2", "kube-apiserver", "sh"].map((name) =>
                processComponent(name.slice(0, 15)),
            ),
        ).to.deep.equal(["kube-controller-manager", "containerd", "kube-apiserver", undefined]);
        expect(processComponent("constructor")).to.equal(undefined);
    });
});

describe("the books of a lab's usage", () => {
    const sight = (key: string, cpuSeconds: number, memoryBytes = 0, component = "bmo"): Sight => ({
        key,
        holder: "pods",
        component,
        cpuSeconds,
        memoryBytes,
    });
    const cpu = (ledger: UsageLedger): Record<string, number> =>
        Object.fromEntries(ledger.report().map(({ component, cpuSeconds }) => [component, cpuSeconds]));

    it("count the difference of what was there, and in full what came later", () => {
        const ledger = new UsageLedger();
        ledger.apply("node", [sight("old", 100)], true);
        ledger.apply("node", [sight("old", 103), sight("new", 5)]);
        expect(cpu(ledger)).to.deep.equal({ bmo: 8 });
        expect(ledger.report()[0]?.instances).to.equal(2);
    });

    it("keep what an ended instance had used, but not its memory", () => {
        const ledger = new UsageLedger();
        ledger.apply("node", [sight("a", 7, 30), sight("b", 1, 20)]);
        ledger.apply("node", [sight("b", 2, 25)]);
        expect(ledger.report()).to.deep.equal([
            { component: "bmo", cpuSeconds: 9, memoryBytes: 25, peakMemoryBytes: 50, instances: 1 },
        ]);
        ledger.apply("node", []);
        expect(ledger.report()).to.deep.equal([
            { component: "bmo", cpuSeconds: 9, memoryBytes: 0, peakMemoryBytes: 50, instances: 0 },
        ]);
        expect([...ledger.runningSources()]).to.deep.equal([]);
    });

    it("do not take one source's instances for ended when another is looked at", () => {
        const ledger = new UsageLedger();
        ledger.apply("one", [sight("a", 1, 5)]);
        ledger.apply("two", [sight("a", 2, 6)]);
        expect(ledger.report()[0]).to.deep.include({ cpuSeconds: 3, memoryBytes: 11, instances: 2 });
    });

    it("go on where a counter began anew in the same place", () => {
        const ledger = new UsageLedger();
        ledger.apply("docker", [sight("c", 50)], true);
        ledger.apply("docker", [sight("c", 60)]);
        ledger.apply("docker", [sight("c", 3)]);
        ledger.apply("docker", [sight("c", 4)]);
        expect(cpu(ledger)).to.deep.equal({ bmo: 14 });
    });

    it("begin a new window at the last look: usage from nothing, memory's peak from now", () => {
        const ledger = new UsageLedger();
        ledger.apply("node", [sight("a", 10, 90), sight("gone", 4, 10)]);
        ledger.apply("node", [sight("a", 12, 40)]);
        ledger.mark();
        expect(ledger.report()).to.deep.equal([
            { component: "bmo", cpuSeconds: 0, memoryBytes: 40, peakMemoryBytes: 40, instances: 1 },
        ]);
        ledger.apply("node", [sight("a", 13, 45), sight("later", 2, 1)]);
        expect(ledger.report()).to.deep.equal([
            { component: "bmo", cpuSeconds: 3, memoryBytes: 46, peakMemoryBytes: 46, instances: 2 },
        ]);
    });

    it("take the greatest sum at one time for a component's peak, not the sum of peaks", () => {
        const ledger = new UsageLedger();
        ledger.apply("node", [sight("a", 1, 100), sight("b", 1, 10)]);
        ledger.apply("node", [sight("a", 1, 10), sight("b", 1, 80)]);
        expect(ledger.report()[0]?.peakMemoryBytes).to.equal(110);
    });

    it("give a late-described container its component", () => {
        const ledger = new UsageLedger();
        ledger.apply("node", [sight("a", 1, 1, "unnamed")]);
        ledger.apply("node", [sight("a", 2, 1, "kcp")]);
        expect(cpu(ledger)).to.deep.equal({ kcp: 2 });
    });

    it("show what of the node and of its pods no instance accounts for", () => {
        const total = (key: string, holder: "node" | "pods", cpuSeconds: number, memoryBytes: number): Sight => ({
            key,
            holder,
            cpuSeconds,
            memoryBytes,
        });
        const ledger = new UsageLedger();
        ledger.apply(
            "n",
            [
                total("/", "node", 100, 1000),
                total("/kubepods", "pods", 40, 400),
                sight("a", 30, 300),
                { ...sight("p", 50, 500, "etcd"), holder: "node" },
            ],
            true,
        );
        ledger.apply("n", [
            total("/", "node", 130, 1500),
            total("/kubepods", "pods", 55, 500),
            sight("a", 43, 450),
            { ...sight("p", 58, 700, "etcd"), holder: "node" },
        ]);
        expect(ledger.report()).to.deep.equal([
            { component: "bmo", cpuSeconds: 13, memoryBytes: 450, peakMemoryBytes: 450, instances: 1 },
            { component: "etcd", cpuSeconds: 8, memoryBytes: 700, peakMemoryBytes: 700, instances: 1 },
            { component: "node, other", cpuSeconds: 7, memoryBytes: 300, peakMemoryBytes: 300, instances: 0 },
            { component: "pods, short-lived", cpuSeconds: 2, memoryBytes: 50, peakMemoryBytes: 100, instances: 0 },
        ]);
    });
});

/** A node's /sys/fs/cgroup and /proc, as files. */
function node(version: 1 | 2): { root: string; sample: () => string } {
    const root = mkdtempSync(join(tmpdir(), "bench-usage-"));
    const write = (path: string, content: string): void => {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), content);
    };
    const group = (path: string, seconds: number, bytes: number, inactive: number): void => {
        if (version === 2) {
            write(`cgroup${path}/cpu.stat`, `usage_usec ${seconds * 1e6}\nuser_usec 1\nsystem_usec 2\n`);
            write(`cgroup${path}/memory.current`, `${bytes}\n`);
            write(
                `cgroup${path}/memory.stat`,
                `anon 12\nfile 13\nactive_file 1\ninactive_file ${inactive}\nunevictable 0\n`,
            );
        } else {
            write(`cgroup/cpu,cpuacct${path}/cpuacct.usage`, `${seconds * 1e9}\n`);
            write(`cgroup/memory${path}/memory.usage_in_bytes`, `${bytes}\n`);
            write(
                `cgroup/memory${path}/memory.stat`,
                `cache 4\ninactive_file 99\ntotal_cache 5\ntotal_inactive_file ${inactive}\n`,
            );
        }
    };
    if (version === 2) {
        write("cgroup/cgroup.controllers", "cpu memory\n");
    }
    group("", 5000, 9000 * MIB, 1000 * MIB);
    group("/kubepods", 3000, 4000 * MIB, 0);
    // Pods themselves are no containers; besteffort and guaranteed ones lie at different depths.
    group("/kubepods/burstable", 1, MIB, 0);
    group("/kubepods/burstable/pod1111-22", 1, MIB, 0);
    group(`/kubepods/burstable/pod1111-22/${id("a")}`, 1234, 300 * MIB, 100 * MIB);
    group(`/kubepods/burstable/pod1111-22/${id("b")}`, 0, MIB, 2 * MIB);
    group(`/kubepods/besteffort/pod3333-44/${id("c")}`, 7, 20 * MIB, 0);
    group(`/kubepods/pod5555-66/${id("d")}`, 8, 30 * MIB, 0);
    const pagesOf = (mib: number): number =>
        (mib * MIB) / Number(execFileSync("getconf", ["PAGESIZE"], { encoding: "utf8" }));
    const process = (
        pid: number,
        comm: string,
        parent: number,
        own: [user: number, system: number],
        children: [number, number],
        mib: number,
    ): void => {
        write(`proc/${pid}/statm`, `${pagesOf(mib + 2000)} ${pagesOf(mib + 90)} ${pagesOf(90)} 5 0 77 0\n`);
        write(
            `proc/${pid}/stat`,
            `${pid} (${comm}) S ${parent} ${pid} 1 0 -1 4194560 1 2 3 4 ${own.join(" ")} ${children.join(" ")} 20 0 14 0 ${pid + 5000} 99999 ${pagesOf(mib + 90)} 184467440737095 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n`,
        );
    };
    process(1, "runsvdir", 0, [1, 1], [0, 0], 1);
    process(20, "runsv", 1, [1, 1], [900000, 900000], 1);
    process(30, "kube-apiserver", 20, [100000, 20000], [0, 0], 1500);
    process(31, "kube-controller", 20, [4000, 1000], [0, 0], 150);
    process(32, "kubelet", 20, [3000, 1000], [200, 100], 90);
    process(33, "containerd", 20, [1000, 500], [70000, 70000], 80);
    process(40, "containerd-shim", 1, [100, 50], [80000, 80000], 10);
    process(41, "pause", 40, [0, 0], [0, 0], 1);
    process(42, "sh", 40, [0, 0], [0, 0], 1);
    process(43, "etcd", 42, [77700, 0], [0, 0], 5);
    process(50, "a) R (b", 1, [1, 1], [0, 0], 1);
    mkdirSync(join(root, "proc/60"));
    write("proc/stat", "cpu  100000 2000 30000 5000000 700 400 600 9000 50 0\ncpu0 1 2 3\nintr 5\n");
    const sample = (): string =>
        execFileSync("sh", ["-c", SAMPLE_SCRIPT, "sample", join(root, "cgroup"), join(root, "proc")], {
            encoding: "utf8",
        });
    return { root, sample };
}

const DESCRIBED = new Map([
    [id("a"), { pod: "ironic-conductor-0-6c8f9d7b54-x2x4z", container: "ironic" }],
    [id("b"), { pod: "ironic-conductor-0-6c8f9d7b54-x2x4z" }],
    [id("c"), { pod: "fkas-0-7f4b6c5d8-zk9vl", container: "fkas" }],
]);

describe("a look into a node", () => {
    for (const version of [1, 2] as const) {
        it(`reads its processes and its pods' cgroups, version ${version}`, () => {
            const { root, sample } = node(version);
            try {
                const reading = parseSample(sample());
                expect(containerIds(reading).sort()).to.deep.equal([id("a"), id("b"), id("c"), id("d")]);
                expect(reading.machineBusySeconds).to.equal(1330);
                const found = nodeSights(reading, DESCRIBED).map(
                    ({ key, holder, component, cpuSeconds, memoryBytes }) => [
                        component ?? `total: ${key}`,
                        holder,
                        cpuSeconds,
                        memoryBytes / MIB,
                    ],
                );
                expect(found).to.have.deep.members([
                    ["total: /", "node", 5000, 8000],
                    ["total: /kubepods", "pods", 3000, 4000],
                    ["ironic", "pods", 1234, 200],
                    // Less than nothing is nothing: the two numbers are not read at one time.
                    ["pod sandboxes", "pods", 0, 0],
                    ["fkas", "pods", 7, 20],
                    ["kube-apiserver", "node", 1200, 1500],
                    ["kube-controller-manager", "node", 50, 150],
                    // With what it waited for; containerd and the shim wait for processes that belong to pods.
                    ["kubelet", "node", 43, 90],
                    ["containerd", "node", 15, 80],
                    ["containerd", "node", 1.5, 10],
                ]);
            } finally {
                rmSync(root, { recursive: true });
            }
        });
    }

    it("keeps processes apart that had one pid after another", () => {
        const { root, sample } = node(1);
        try {
            expect(
                nodeSights(parseSample(sample()), DESCRIBED).find(({ component }) => component === "kubelet")?.key,
            ).to.equal("process 32 5032");
        } finally {
            rmSync(root, { recursive: true });
        }
    });

    it("says what a node did not give", () => {
        expect(() => parseSample("sh: getconf: not found\n")).to.throw(
            /the node gave no the page size \(getconf\), no the CPU line of \/proc\/stat, no the node's own cgroup, no processes: "sh: getconf/,
        );
    });

    it("counts user, nice, system and interrupts as busy; not idle, waits for the disk, or what was stolen", () => {
        expect(busySeconds("machine cpu  100 10 50 100000 5000 3 2 7000 40 4")).to.equal(1.65);
    });

    it("knows containers by what the runtime was told, and waits for those it was told nothing of", () => {
        const config = (annotations: object): string =>
            JSON.stringify({ ociVersion: "1.0.2", process: { args: ["a b"] }, annotations });
        const text = [
            `${id("a")} ${config({ "io.kubernetes.cri.container-name": "manager", "io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.sandbox-id": id("b"), "io.kubernetes.cri.sandbox-name": "capm3-controller-manager-7f4b6c5d8-zk9vl", "io.kubernetes.cri.sandbox-namespace": "capm3-system" })}`,
            `${id("b")} ${config({ "io.kubernetes.cri.container-type": "sandbox", "io.kubernetes.cri.sandbox-id": id("b"), "io.kubernetes.cri.sandbox-name": "capm3-controller-manager-7f4b6c5d8-zk9vl" })}`,
            `${id("c")} `,
            "",
        ].join("\n");
        expect([...parseDescriptions(text)]).to.deep.equal([
            [id("a"), { pod: "capm3-controller-manager-7f4b6c5d8-zk9vl", container: "manager" }],
            [id("b"), { pod: "capm3-controller-manager-7f4b6c5d8-zk9vl" }],
        ]);
    });
});

/** Docker with containers that only tell statistics. */
class StatisticsDocker {
    down = false;
    containers = new Map<string, { name: string; seconds: number; running?: boolean; broken?: boolean }>();

    listContainers({ filters }: { filters: { label: string[] } }) {
        if (this.down) {
            return Promise.reject(new Error("connect ECONNREFUSED"));
        }
        expect(filters.label).to.deep.equal(["metal3-scale-lab=m3lab-dev"]);
        return Promise.resolve([...this.containers].map(([Id, { name }]) => ({ Id, Names: [`/m3lab-dev-${name}`] })));
    }

    getContainer(containerId: string) {
        const container = this.containers.get(containerId);
        return {
            stats: (options: Record<string, unknown>) => {
                expect(options).to.include({ stream: false, "one-shot": true });
                if (!container || container.running === false || container.broken) {
                    return Promise.reject(Object.assign(new Error("cannot read"), { statusCode: 500 }));
                }
                return Promise.resolve({
                    cpu_stats: { cpu_usage: { total_usage: container.seconds * 1e9 } },
                    memory_stats: { usage: 100 * MIB, stats: { inactive_file: 40 * MIB } },
                });
            },
            inspect: () => Promise.resolve({ State: { Running: container?.running !== false } }),
        };
    }
}

describe("the meter", () => {
    const meterOf = (docker: StatisticsDocker): UsageMeter =>
        new UsageMeter({ docker: docker as unknown as Docker, prefix: "m3lab-dev" });

    it("sums the fake nodes of all pairs", async () => {
        const docker = new StatisticsDocker();
        const meter = meterOf(docker);
        docker.containers.set("1", { name: "pair-000-sushy-tools", seconds: 50 });
        await meter.sample();
        docker.containers.set("1", { name: "pair-000-sushy-tools", seconds: 53 });
        docker.containers.set("2", { name: "pair-001-sushy-tools", seconds: 2 });
        await meter.sample();
        expect(meter.report()).to.deep.equal([
            {
                component: "sushy-tools",
                cpuSeconds: 5,
                memoryBytes: 120 * MIB,
                peakMemoryBytes: 120 * MIB,
                instances: 2,
            },
        ]);
        expect(meter.failures).to.deep.equal({ count: 0, lastError: "" });
    });

    it("counts in full when it began before there was a lab", async () => {
        const docker = new StatisticsDocker();
        const meter = meterOf(docker);
        await meter.sample();
        docker.containers.set("1", { name: "pair-000-fake-ipa", seconds: 4 });
        await meter.sample();
        expect(meter.report()).to.have.length(1).and.to.have.nested.property("[0].cpuSeconds", 4);
        expect(meter.machine()).to.equal(0);
    });

    it("survives a daemon that does not answer, and says so", async () => {
        const docker = new StatisticsDocker();
        const meter = meterOf(docker);
        docker.down = true;
        docker.containers.set("1", { name: "pair-000-fake-ipa", seconds: 100 });
        await meter.sample();
        await meter.sample();
        expect(meter.failures).to.deep.equal({ count: 2, lastError: "connect ECONNREFUSED" });
        docker.down = false;
        await meter.sample();
        // It was there before the first look that succeeded.
        expect(meter.report()[0]?.cpuSeconds).to.equal(0);
        expect(meter.failures.count).to.equal(2);
    });

    it("reads the others when one cannot be read, and that one from where it was", async () => {
        const docker = new StatisticsDocker();
        const meter = meterOf(docker);
        docker.containers.set("1", { name: "pair-000-fake-ipa", seconds: 100, broken: true });
        docker.containers.set("2", { name: "pair-000-sushy-tools", seconds: 10 });
        await meter.sample();
        expect(meter.failures).to.deep.equal({ count: 1, lastError: "pair-000-fake-ipa: cannot read" });
        expect(meter.report().map(({ component }) => component)).to.deep.equal(["sushy-tools"]);
        docker.containers.set("1", { name: "pair-000-fake-ipa", seconds: 200 });
        await meter.sample();
        docker.containers.set("1", { name: "pair-000-fake-ipa", seconds: 207 });
        await meter.sample();
        expect(meter.report()[0]).to.include({ component: "fake-ipa", cpuSeconds: 7 });
    });

    it("does not call it a failure that a container ended meanwhile", async () => {
        const docker = new StatisticsDocker();
        const meter = meterOf(docker);
        docker.containers.set("1", { name: "pair-000-fake-ipa", seconds: 1, running: false });
        await meter.sample();
        expect(meter.failures.count).to.equal(0);
        docker.containers.clear();
        docker.containers.set("2", { name: "pair-000-fake-ipa", seconds: 3 });
        await meter.sample();
        docker.containers.clear();
        await meter.sample();
        expect(meter.report()).to.deep.equal([
            { component: "fake-ipa", cpuSeconds: 3, memoryBytes: 0, peakMemoryBytes: 60 * MIB, instances: 0 },
        ]);
    });

    it("lets a second call join the look under way", async () => {
        const docker = new StatisticsDocker();
        let lists = 0;
        const list = docker.listContainers.bind(docker);
        docker.listContainers = (options) => (lists++, list(options));
        const meter = meterOf(docker);
        await Promise.all([meter.sample(), meter.sample()]);
        await meter.sample();
        expect(lists).to.equal(2);
    });
});
