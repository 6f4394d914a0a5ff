import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { parseDescriptions } from "../../cli/bench/usage/container-descriptions";
import { containerIds, nodeSamples, parseSample, SAMPLE_SCRIPT } from "../../cli/bench/usage/node";

const MIB = 2 ** 20;
const id = (letter: string): string => letter.repeat(64);

/**
 * Makes the files of a node's /sys/fs/cgroup and /proc.
 * @returns the script's output over them, as it would be in the node.
 */
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
    // The groups of pods are not containers. Pods of the classes BestEffort and Guaranteed lie at different depths.
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
            `${pid} (${comm}) S ${parent} ${pid} 1 0 -1 4194560 1 2 3 4 ${own.join(" ")} ${children.join(" ")} ` +
                `20 0 14 0 ${pid + 5000} 99999 ${pagesOf(mib + 90)} 184467440737095 ` +
                "1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n",
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

describe("a sample of a node", () => {
    for (const version of [1, 2] as const) {
        it(`The usage of processes and of pods is read from cgroups of version ${version}`, () => {
            const { root, sample } = node(version);
            try {
                const reading = parseSample(sample());
                expect(containerIds(reading).sort()).to.deep.equal([id("a"), id("b"), id("c"), id("d")]);
                expect(reading.machineBusySeconds).to.equal(1330);
                const found = nodeSamples(reading, DESCRIBED).map(
                    ({ key, owner, component, cpuSeconds, memoryBytes }) => [
                        component ?? `total: ${key}`,
                        owner,
                        cpuSeconds,
                        memoryBytes / MIB,
                    ],
                );
                expect(found).to.have.deep.members([
                    ["total: /", "node", 5000, 8000],
                    ["total: /kubepods", "pods", 3000, 4000],
                    ["ironic", "pods", 1234, 200],
                    // Memory is never below 0: its two numbers are not read at one moment.
                    ["pod sandboxes", "pods", 0, 0],
                    ["fkas", "pods", 7, 20],
                    ["kube-apiserver", "node", 1200, 1500],
                    ["kube-controller-manager", "node", 50, 150],
                    // The children of kubelet count. containerd and the shim wait for processes that belong to pods.
                    ["kubelet", "node", 43, 90],
                    ["containerd", "node", 15, 80],
                    ["containerd", "node", 1.5, 10],
                ]);
            } finally {
                rmSync(root, { recursive: true });
            }
        });
    }

    it("Two processes that had one PID after another are told apart by their start", () => {
        const { root, sample } = node(1);
        try {
            expect(
                nodeSamples(parseSample(sample()), DESCRIBED).find(({ component }) => component === "kubelet")?.key,
            ).to.equal("process 32 5032");
        } finally {
            rmSync(root, { recursive: true });
        }
    });

    it("Everything that is missing in a sample is named", () => {
        expect(() => parseSample("sh: getconf: not found\n")).to.throw(
            "lacks the page size (getconf), the CPU line of /proc/stat, the node's own cgroup, processes; " +
                'it begins "sh: getconf',
        );
    });

    it("A cgroup or process that vanishes while it is read is left out", () => {
        const sample = [
            "page 4096",
            "stat:cpu  100 0 0 0",
            "7/statm:10 9 1 5 0 77 0",
            "8/stat:8 (etcd) S 1 8 1 0 -1 0 1 2 3 4 100 0 0 0 20 0 14 0 5008 99999 3",
            "././cpu.stat:usage_usec 2000000",
            "././memory.current:500",
            "./kubepods/cpu.stat:usage_usec 1000000",
            "",
        ].join("\n");
        expect(parseSample(sample)).to.deep.include({
            machineBusySeconds: 1,
            cgroups: [{ path: "/", cpuSeconds: 2, memoryBytes: 500 }],
        });
        expect(parseSample(sample).processes.map(({ pid, memoryBytes }) => [pid, memoryBytes])).to.deep.equal([
            [8, 3 * 4096],
        ]);
    });

    it("A container is known by the annotations of its runtime configuration, and left out without one", () => {
        const pod = "capm3-controller-manager-7f4b6c5d8-zk9vl";
        const config = (annotations: object): string =>
            JSON.stringify({ ociVersion: "1.0.2", process: { args: ["a b"] }, annotations });
        const container = config({
            "io.kubernetes.cri.container-name": "manager",
            "io.kubernetes.cri.container-type": "container",
            "io.kubernetes.cri.sandbox-id": id("b"),
            "io.kubernetes.cri.sandbox-name": pod,
            "io.kubernetes.cri.sandbox-namespace": "capm3-system",
        });
        const sandbox = config({
            "io.kubernetes.cri.container-type": "sandbox",
            "io.kubernetes.cri.sandbox-id": id("b"),
            "io.kubernetes.cri.sandbox-name": pod,
        });
        const text = [`${id("a")} ${container}`, `${id("b")} ${sandbox}`, `${id("c")} `, ""].join("\n");
        expect([...parseDescriptions(text)]).to.deep.equal([
            [id("a"), { pod, container: "manager" }],
            [id("b"), { pod }],
        ]);
    });
});
