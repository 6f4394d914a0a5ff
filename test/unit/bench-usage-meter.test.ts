import { PassThrough } from "node:stream";
import { expect } from "chai";
import type Docker from "dockerode";
import { UsageMeter } from "../../cli/bench/usage/meter";
import { DockerHolder } from "../../machine/docker/holder";

const MIB = 2 ** 20;

/** A Docker daemon whose containers tell only their statistics. */
class StatisticsDocker {
    down = false;
    /** Figures of page cache that could be dropped, as cgroup v2 gives them. */
    memory: Record<string, number> = { inactive_file: 40 * MIB };
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
                    memory_stats: { usage: 100 * MIB, stats: this.memory },
                });
            },
            inspect: () => Promise.resolve({ State: { Running: container?.running !== false } }),
        };
    }
}

describe("the usage meter", () => {
    const meterOf = (docker: StatisticsDocker): UsageMeter =>
        new UsageMeter("dev", [new DockerHolder(() => docker as unknown as Docker)]);

    it("The fake nodes of all pairs are one component", async () => {
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

    it("A container counts in full when the meter began before there was a lab", async () => {
        const docker = new StatisticsDocker();
        const meter = meterOf(docker);
        await meter.sample();
        docker.containers.set("1", { name: "pair-000-fake-ipa", seconds: 4 });
        await meter.sample();
        expect(meter.report()).to.have.length(1).and.to.have.nested.property("[0].cpuSeconds", 4);
        expect(meter.machineCpuSeconds()).to.equal(0);
    });

    it("A daemon that does not answer is a failure, and the meter goes on", async () => {
        const docker = new StatisticsDocker();
        const meter = meterOf(docker);
        docker.down = true;
        docker.containers.set("1", { name: "pair-000-fake-ipa", seconds: 100 });
        await meter.sample();
        await meter.sample();
        expect(meter.failures).to.deep.equal({ count: 2, lastError: "connect ECONNREFUSED" });
        docker.down = false;
        await meter.sample();
        // The container existed before the first sample that succeeded.
        expect(meter.report()[0]?.cpuSeconds).to.equal(0);
        expect(meter.failures.count).to.equal(2);
    });

    it("A container that cannot be read does not stop the others, and counts from its first reading on", async () => {
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

    it("A container that ended since it was listed is no failure", async () => {
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

    it("A second call joins the sample that is under way", async () => {
        const docker = new StatisticsDocker();
        let lists = 0;
        const list = docker.listContainers.bind(docker);
        docker.listContainers = (options) => (lists++, list(options));
        const meter = meterOf(docker);
        await Promise.all([meter.sample(), meter.sample()]);
        await meter.sample();
        expect(lists).to.equal(2);
    });

    it("The page cache of cgroup v1 is taken with the groups below", async () => {
        const docker = new StatisticsDocker();
        docker.memory = { inactive_file: 1, total_inactive_file: 70 * MIB };
        docker.containers.set("1", { name: "pair-000-fake-ipa", seconds: 1 });
        const meter = meterOf(docker);
        await meter.sample();
        expect(meter.report()[0]?.memoryBytes).to.equal(30 * MIB);
    });
});

/** A Docker daemon with one node, in which a command prints `stdout` and `stderr` and ends with `code`. */
class NodeDocker {
    stdout = "";
    stderr = "";
    code = 0;
    readonly modem = {
        demuxStream: (_stream: unknown, out: PassThrough, err: PassThrough) => {
            out.write(this.stdout);
            err.write(this.stderr);
        },
    };

    listContainers() {
        return Promise.resolve([{ Id: "1", Names: ["/m3lab-dev-control-plane"] }]);
    }

    getContainer() {
        const start = () => {
            const stream = new PassThrough();
            stream.resume().end();
            return Promise.resolve(stream);
        };
        return {
            exec: () => Promise.resolve({ start, inspect: () => Promise.resolve({ ExitCode: this.code }) }),
            inspect: () => Promise.resolve({ State: { Running: true } }),
        };
    }
}

describe("the usage meter of a node", () => {
    const meterOf = (docker: NodeDocker): UsageMeter =>
        new UsageMeter("dev", [new DockerHolder(() => docker as unknown as Docker)]);
    /** Output of the script in a node: busy seconds of the machine, and CPU-seconds of the node's etcd. */
    const output = (machine: number, etcd: number): string =>
        [
            "page 4096",
            `stat:cpu  ${machine * 100} 0 0 0`,
            `8/stat:8 (etcd) S 1 8 1 0 -1 0 1 2 3 4 ${etcd * 100} 0 0 0 20 0 14 0 5008 99999 3`,
            "././cpu.stat:usage_usec 50000000",
            "././memory.current:500",
        ].join("\n");

    it("The machine's CPU-seconds and the components' are those of the window", async () => {
        const docker = new NodeDocker();
        const meter = meterOf(docker);
        for (const [machine, etcd] of [
            [100, 10],
            [130, 14],
        ] as const) {
            docker.stdout = output(machine, etcd);
            await meter.sample();
        }
        expect(meter.failures).to.deep.equal({ count: 0, lastError: "" });
        expect(meter.machineCpuSeconds()).to.equal(30);
        expect(meter.report()[0]).to.include({ component: "etcd", cpuSeconds: 4 });
        meter.beginWindow();
        expect(meter.machineCpuSeconds()).to.equal(0);
        docker.stdout = output(145, 16);
        await meter.sample();
        expect(meter.machineCpuSeconds()).to.equal(15);
        expect(meter.report()[0]).to.include({ component: "etcd", cpuSeconds: 2 });
    });

    it("A script that fails in the node is a failure with what it said", async () => {
        const docker = new NodeDocker();
        Object.assign(docker, { stderr: "sh: grep: not found\n", code: 127 });
        const meter = meterOf(docker);
        await meter.sample();
        expect(meter.failures).to.deep.equal({
            count: 1,
            lastError: "control-plane: sh ended with 127: sh: grep: not found",
        });
    });
});
