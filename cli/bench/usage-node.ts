import { posix } from "node:path";
import type { Sight } from "./usage-ledger";
import { podComponent, processComponent, shimName, type PodContainer } from "./usage-names";

/** Clock ticks a second in /proc, on every Linux that Kubernetes runs on (proc(5): sysconf(_SC_CLK_TCK)). */
const TICKS = 100;

/**
 * Run inside a node, prints one line for each thing: the page size, the machine's CPU line, the processes, and the cgroups of the node, of all pods and of each
 * container. One awk reads all files itself: what ends meanwhile is skipped, and nothing is forked for it. cgroup v1 counts in ns
 * (cpuacct.usage), v2 in µs (cpu.stat). The node has its own cgroup namespace: its own group is the root. Arguments: where cgroups and processes are, if elsewhere.
 */
export const SAMPLE_SCRIPT = `
root=\${1:-/sys/fs/cgroup} proc=\${2:-/proc}
if [ -f $root/cgroup.controllers ]; then
    version=2 cpu=$root memory=$root file=cpu.stat
else
    version=1 cpu=$root/cpuacct memory=$root/memory file=cpuacct.usage
    [ -d "$cpu" ] || cpu=$root/cpu,cpuacct
fi
exec awk -v version=$version -v proc="$proc" -v cpu="$cpu" -v memory="$memory" -v file=$file -v page="$(getconf PAGESIZE)" '
function first(path,   line) { if ((getline line < path) <= 0) line = ""; close(path); return line }
function inactive(path,   line, pair, found) {
    found = 0
    while ((getline line < path) > 0) {
        split(line, pair, " ")
        if (pair[1] == (version == 2 ? "inactive_file" : "total_inactive_file")) { found = pair[2]; break }
    }
    close(path)
    return found
}
function group(path,   used, pair, kept) {
    used = first(cpu path "/" file)
    if (used == "") return
    if (version == 2) { split(used, pair, " "); used = pair[2] }
    kept = first(memory path "/" (version == 2 ? "memory.current" : "memory.usage_in_bytes"))
    if (kept != "") print "cgroup", version, path == "" ? "/" : path, used, kept, inactive(memory path "/memory.stat")
}
BEGIN {
    print "page", page
    print "machine", first(proc "/stat")
    group("")
    group("/kubepods")
    for (i = 1; i < ARGC; i++) {
        path = ARGV[i]
        if (index(path, cpu "/") == 1) { path = substr(path, length(cpu) + 1); group(substr(path, 1, length(path) - length(file) - 1)) }
        else {
            line = first(path)
            sub(/stat$/, "statm", path)
            shared = split(first(path), pages, " ") > 2 ? pages[3] : 0
            if (line != "") print "process", shared, line
        }
    }
}' "$proc"/[0-9]*/stat "$cpu"/kubepods/pod*/*/$file "$cpu"/kubepods/*/pod*/*/$file
`;

/** A cgroup of a node. */
export interface Cgroup {
    /** In the node's namespace, "/" for the node itself. */
    path: string;
    cpuSeconds: number;
    /** Without page cache that could be dropped, as kubelet and Docker count it. */
    memoryBytes: number;
}

export interface Process {
    pid: number;
    parent: number;
    comm: string;
    /** Ticks after the machine's boot: a pid is used again, but not at the same time. */
    started: string;
    cpuSeconds: number;
    /** Of its children that have ended and that it waited for. */
    childrenCpuSeconds: number;
    /** Resident, without what it shares with files and other processes: one program is five of the node's, and its pages would count five times. */
    memoryBytes: number;
}

export interface NodeReading {
    /** CPU-seconds that the whole machine was busy since it booted, waits for the disk and time taken by other virtual machines left out. */
    machineBusySeconds: number;
    cgroups: Cgroup[];
    processes: Process[];
}

/** @throws Error when something that every node has is missing. */
export function parseSample(text: string): NodeReading {
    const lines = text.split("\n");
    const page = Number(/^page (\d+)$/m.exec(text)?.[1]);
    const machine = lines.find((line) => line.startsWith("machine cpu "));
    const cgroups = lines.filter((line) => line.startsWith("cgroup ")).map(parseCgroup);
    const processes = lines.filter((line) => line.startsWith("process ")).map((line) => parseProcess(line, page));
    const missing = [
        ...(Number.isFinite(page) ? [] : ["the page size (getconf)"]),
        ...(machine === undefined ? ["the CPU line of /proc/stat"] : []),
        ...(cgroups.some(({ path }) => path === "/") ? [] : ["the node's own cgroup"]),
        ...(processes.length > 0 ? [] : ["processes"]),
    ];
    if (missing.length > 0) {
        throw new Error(`the node gave no ${missing.join(", no ")}: ${JSON.stringify(text.slice(0, 200))}`);
    }
    return { machineBusySeconds: busySeconds(machine as string), cgroups, processes };
}

/** /proc/stat: user nice system idle iowait irq softirq steal …; guests are part of user. */
export function busySeconds(line: string): number {
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line
        .slice(line.indexOf("cpu ") + 4)
        .trim()
        .split(/\s+/)
        .map(Number);
    return (user + nice + system + irq + softirq) / TICKS;
}

function parseCgroup(line: string): Cgroup {
    const [, version, path = "", cpu, kept, inactive] = line.split(" ");
    return {
        path,
        cpuSeconds: Number(cpu) / (version === "2" ? 1e6 : 1e9),
        memoryBytes: Math.max(0, Number(kept) - Number(inactive)),
    };
}

/** Shared pages (proc(5): statm), then the fields of /proc/PID/stat; the name, in brackets, may hold anything, so they are counted from the last bracket. */
function parseProcess(line: string, page: number): Process {
    const [, shared, pid] = line.split(" ", 3);
    const end = line.lastIndexOf(")");
    const fields = line.slice(end + 2).split(" ");
    const field = (number: number): string => fields[number - 3] ?? "";
    const ticks = (first: number): number => (Number(field(first)) + Number(field(first + 1))) / TICKS;
    return {
        pid: Number(pid),
        parent: Number(field(4)),
        comm: line.slice(line.indexOf("(") + 1, end),
        started: field(22),
        cpuSeconds: ticks(14),
        childrenCpuSeconds: ticks(16),
        memoryBytes: Math.max(0, Number(field(24)) - Number(shared)) * page,
    };
}

/** Whose ended children are its own work (mounts, iptables); containerd and its shims also wait for processes of pods, which their cgroups count. */
const COUNTS_CHILDREN = new Set(["kubelet", "kube-proxy"]);

/** Id of the container whose cgroup it is, undefined for another. */
const containerId = ({ path }: Cgroup): string | undefined =>
    /\/pod[^/]+\/[^/]+$/.test(path) ? posix.basename(path) : undefined;

/** Containers of a reading. */
export function containerIds({ cgroups }: NodeReading): string[] {
    return cgroups.map(containerId).filter((id) => id !== undefined);
}

/** @param containers what is known of the containers. One that is not known yet is left to the remainder of the pods. */
export function nodeSights(
    { cgroups, processes }: NodeReading,
    containers: ReadonlyMap<string, PodContainer>,
): Sight[] {
    const sights: Sight[] = [];
    for (const group of cgroups) {
        const { path, cpuSeconds, memoryBytes } = group;
        const id = containerId(group);
        const container = id === undefined ? undefined : containers.get(id);
        if (container !== undefined) {
            sights.push({ key: path, holder: "pods", component: podComponent(container), cpuSeconds, memoryBytes });
        } else if (path === "/" || path === "/kubepods") {
            sights.push({ key: path, holder: path === "/" ? "node" : "pods", cpuSeconds, memoryBytes });
        }
    }
    const inPod = podProcesses(processes);
    for (const { pid, comm, started, cpuSeconds, childrenCpuSeconds, memoryBytes } of processes) {
        const component = inPod.has(pid) ? undefined : processComponent(comm);
        if (component === undefined) {
            continue;
        }
        const total = cpuSeconds + (COUNTS_CHILDREN.has(comm) ? childrenCpuSeconds : 0);
        sights.push({ key: `process ${pid} ${started}`, holder: "node", component, cpuSeconds: total, memoryBytes });
    }
    return sights;
}

/** Everything beneath a shim: whatever a pod's process is called, it is none of the node's. */
function podProcesses(processes: readonly Process[]): Set<number> {
    const byPid = new Map(processes.map((process) => [process.pid, process]));
    const beneathShim = (pid: number): boolean => {
        const parent = byPid.get(byPid.get(pid)?.parent ?? 0);
        return parent !== undefined && (parent.comm === shimName() || beneathShim(parent.pid));
    };
    return new Set(processes.map(({ pid }) => pid).filter(beneathShim));
}

/** Run inside a node with the ids of containers: prints each with what the container runtime was told of it, in one line of JSON. */
export const DESCRIBE_SCRIPT = `
for id; do
    printf '%s ' "$id"
    cat "/run/containerd/io.containerd.runtime.v2.task/k8s.io/$id/config.json" 2> /dev/null
    echo
done`;

const ANNOTATION = "io.kubernetes.cri";

/** Pods' containers by id, of those that are still there. Annotations as containerd's CRI plugin sets them (pkg/cri/annotations). */
export function parseDescriptions(text: string): Map<string, PodContainer> {
    const containers = new Map<string, PodContainer>();
    for (const line of text.split("\n")) {
        const [, id, json] = /^(\S+) (\{.*)$/.exec(line) ?? [];
        if (id === undefined || json === undefined) {
            continue;
        }
        const annotations = (JSON.parse(json) as { annotations?: Record<string, string> }).annotations ?? {};
        const pod = annotations[`${ANNOTATION}.sandbox-name`];
        const container = annotations[`${ANNOTATION}.container-name`];
        if (pod === undefined) {
            continue;
        }
        containers.set(id, container === undefined ? { pod } : { pod, container });
    }
    return containers;
}
