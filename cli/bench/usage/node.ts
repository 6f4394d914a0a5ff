import { posix } from "node:path";
import { parseBusySeconds, parseProcessStat, parseSharedPages, processTree, type ProcessStat } from "../../../lib/proc";
import { podComponent, processComponent, SHIM, type PodContainer } from "./names";
import type { Sample } from "./totals";

/**
 * A shell script that runs inside a node. It prints the page size, and then the wanted lines of the files of /proc and
 * of the cgroups of the node, of all pods and of each container, as FILE:LINE. One grep reads many files, because a
 * process for each file would cost more CPU than most components use. A file that vanishes meanwhile is skipped. The
 * node has its own cgroup namespace, so its own group is the root. A container of a Guaranteed pod lies one level
 * higher than others. Arguments: the folders of the cgroups and of the processes, when they are not the usual ones.
 */
export const SAMPLE_SCRIPT = `
export LC_ALL=C
echo "page $(getconf PAGESIZE)"
cd "\${2:-/proc}" || exit
grep -asHE '^([0-9]|cpu )' stat [0-9]*/stat [0-9]*/statm
cd "\${1:-/sys/fs/cgroup}" || exit
if [ -f cgroup.controllers ]; then
    cpu=. memory=. used=cpu.stat kept=memory.current
else
    cpu=cpuacct memory=memory used=cpuacct.usage kept=memory.usage_in_bytes
    [ -d $cpu ] || cpu=cpu,cpuacct
fi
set --
for group in . kubepods 'kubepods/pod*/*' 'kubepods/*/pod*/*'; do
    set -- "$@" $cpu/$group/$used $memory/$group/$kept $memory/$group/memory.stat
done
grep -asHE '^([0-9]|usage_usec |(total_)?inactive_file )' "$@"
# 2 means that a file was missing.
[ $? -le 2 ]
`;

/** Usage of a cgroup of a node. */
export interface Cgroup {
    /** Path in the node's namespace; "/" for the node itself. */
    path: string;
    cpuSeconds: number;
    /** Memory without page cache that could be dropped, as kubelet and Docker count it. */
    memoryBytes: number;
}

/** A process of a node. */
export interface NodeProcess extends ProcessStat {
    /**
     * Resident memory without the pages that it shares with files and other processes: five components of the node run
     * the same program, whose pages would count five times.
     */
    memoryBytes: number;
}

/** Everything that one run of {@link SAMPLE_SCRIPT} tells of a node. */
export interface NodeReading {
    /** CPU-seconds for which the whole machine was busy since it booted. */
    machineBusySeconds: number;
    cgroups: Cgroup[];
    processes: NodeProcess[];
}

/**
 * Reads what {@link SAMPLE_SCRIPT} printed.
 * @throws Error when something that every node has is missing.
 */
export function parseSample(text: string): NodeReading {
    const page = Number(/^page (\d+)$/m.exec(text)?.[1]);
    const machine = /^stat:(cpu .*)$/m.exec(text)?.[1];
    const processes = parseProcesses(text, page);
    const cgroups = parseCgroups(text);
    const missing = [
        ...(Number.isFinite(page) ? [] : ["the page size (getconf)"]),
        ...(machine === undefined ? ["the CPU line of /proc/stat"] : []),
        ...(cgroups.some(({ path }) => path === "/") ? [] : ["the node's own cgroup"]),
        ...(processes.length > 0 ? [] : ["processes"]),
    ];
    if (machine === undefined || missing.length > 0) {
        throw new Error(
            `the sample of the node lacks ${missing.join(", ")}; it begins ${JSON.stringify(text.slice(0, 200))}`,
        );
    }
    return { machineBusySeconds: parseBusySeconds(machine), cgroups, processes };
}

function parseProcesses(text: string, page: number): NodeProcess[] {
    const sharedPages = new Map(
        [...text.matchAll(/^(\d+)\/statm:(.*)$/gm)].map(([, pid, line = ""]) => [Number(pid), parseSharedPages(line)]),
    );
    return [...text.matchAll(/^\d+\/stat:(.*)$/gm)].map(([, line = ""]) => {
        const process = parseProcessStat(line);
        const ownPages = process.residentPages - (sharedPages.get(process.pid) ?? 0);
        return { ...process, memoryBytes: Math.max(0, ownPages) * page };
    });
}

/** cgroup v1 counts CPU in nanoseconds, v2 in microseconds. */
const CPU_UNITS = new Map([
    ["cpuacct.usage", 1e9],
    ["cpu.stat", 1e6],
]);

function parseCgroups(text: string): Cgroup[] {
    const groups = new Map<string, { cpuSeconds?: number; bytes?: number; inactive?: number; allInactive?: number }>();
    // The first part of a path is the folder of a controller, "." where all of them share one (cgroup v2).
    for (const [, folder = "", file = "", line = ""] of text.matchAll(/^[^\d/:][^/:]*\/(.+)\/([a-z_.]+):(.*)$/gm)) {
        const path = posix.join("/", folder);
        const group = groups.get(path) ?? {};
        groups.set(path, group);
        const value = Number(line.split(" ").at(-1));
        const unit = CPU_UNITS.get(file);
        if (unit !== undefined) {
            group.cpuSeconds = value / unit;
        } else if (file !== "memory.stat") {
            group.bytes = value;
        } else if (line.startsWith("total_")) {
            // In cgroup v1 the figure without "total_" leaves out the groups below this one.
            group.allInactive = value;
        } else {
            group.inactive = value;
        }
    }
    return [...groups].flatMap(([path, { cpuSeconds, bytes, inactive = 0, allInactive = inactive }]) =>
        cpuSeconds === undefined || bytes === undefined
            ? []
            : [{ path, cpuSeconds, memoryBytes: Math.max(0, bytes - allInactive) }],
    );
}

/**
 * Processes whose ended children are their own work (mounts, iptables). containerd and its shims also wait for
 * processes of pods, which the pods' cgroups count.
 */
const COUNTS_CHILDREN = new Set(["kubelet", "kube-proxy"]);

/** The id of the container that a cgroup belongs to; undefined for any other cgroup. */
const containerId = ({ path }: Cgroup): string | undefined =>
    /\/pod[^/]+\/[^/]+$/.test(path) ? posix.basename(path) : undefined;

/** The ids of all containers of a reading. */
export function containerIds({ cgroups }: NodeReading): string[] {
    return cgroups.map(containerId).filter((id) => id !== undefined);
}

/**
 * The usage of the node's instances.
 * @param containers descriptions of the containers that are known so far. The usage of any other container stays in the
 * remainder of the pods.
 */
export function nodeSamples(
    { cgroups, processes }: NodeReading,
    containers: ReadonlyMap<string, PodContainer>,
): Sample[] {
    const samples: Sample[] = [];
    for (const group of cgroups) {
        const { path, cpuSeconds, memoryBytes } = group;
        const id = containerId(group);
        const container = id === undefined ? undefined : containers.get(id);
        if (container !== undefined) {
            samples.push({ key: path, owner: "pods", component: podComponent(container), cpuSeconds, memoryBytes });
        } else if (path === "/" || path === "/kubepods") {
            samples.push({ key: path, owner: path === "/" ? "node" : "pods", cpuSeconds, memoryBytes });
        }
    }
    const inPod = podProcesses(processes);
    for (const { pid, name, startTicks, cpuSeconds, childrenCpuSeconds, memoryBytes } of processes) {
        const component = inPod.has(pid) ? undefined : processComponent(name);
        if (component === undefined) {
            continue;
        }
        samples.push({
            key: `process ${pid} ${startTicks}`,
            owner: "node",
            component,
            cpuSeconds: cpuSeconds + (COUNTS_CHILDREN.has(name) ? childrenCpuSeconds : 0),
            memoryBytes,
        });
    }
    return samples;
}

/** Everything beneath a containerd shim belongs to a pod, even when it bears the name of a process of the node. */
function podProcesses(processes: readonly ProcessStat[]): Set<number> {
    const shims = processes.filter(({ name }) => name === SHIM);
    return new Set(shims.flatMap((shim) => processTree(processes, shim.pid).slice(1)).map(({ pid }) => pid));
}
