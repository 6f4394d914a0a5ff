import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * Clock ticks per second in the files of /proc: the kernel's USER_HZ, which is 100 on all architectures of the lab
 * (time(7)).
 */
const TICKS_PER_SECOND = 100;

/** One process, from its /proc/PID/stat (proc_pid_stat(5)). */
export interface ProcessStat {
    pid: number;
    parent: number;
    /** The first 15 characters of the program's name. */
    name: string;
    /**
     * Clock ticks from the machine's boot to the start of the process. They tell apart two processes that had one PID
     * after another.
     */
    startTicks: number;
    cpuSeconds: number;
    /** CPU-seconds of its children that have ended and that it has waited for. */
    childrenCpuSeconds: number;
    residentPages: number;
}

/**
 * Numbers of the namespaces into which a machine boots, in the links of /proc/PID/ns (the kernel's
 * include/linux/proc_ns.h: PROC_PID_INIT_INO and PROC_UTS_INIT_INO).
 */
const FIRST_NAMESPACES = { pid: 0xeffffffc, uts: 0xeffffffe };

/** Memory of the machine, bytes. */
export interface MachineMemory {
    total: number;
    /** What programs can get without swapping, page cache that can be dropped included. */
    available: number;
}

/**
 * Reads the first line of /proc/PID/stat. The name, in brackets, may hold brackets and blanks: the fields are counted
 * from the last bracket.
 */
export function parseProcessStat(text: string): ProcessStat {
    const nameEnd = text.lastIndexOf(")");
    // The field after the name is the third of the manual page's list.
    const fields = text.slice(nameEnd + 2).split(" ");
    const field = (number: number): number => Number(fields[number - 3]);
    return {
        pid: Number.parseInt(text, 10),
        parent: field(4),
        name: text.slice(text.indexOf("(") + 1, nameEnd),
        startTicks: field(22),
        cpuSeconds: (field(14) + field(15)) / TICKS_PER_SECOND,
        childrenCpuSeconds: (field(16) + field(17)) / TICKS_PER_SECOND,
        residentPages: field(24),
    };
}

/** Pages that a process shares with files and other processes, from its /proc/PID/statm (proc_pid_statm(5)). */
export function parseSharedPages(text: string): number {
    return Number(text.split(" ")[2]);
}

/**
 * CPU-seconds for which the machine was busy since its boot, from the line "cpu" of /proc/stat (proc_stat(5)). Waits
 * for the disk and time stolen by other virtual machines do not count; time of guests is part of the user time.
 * @throws Error when the text has no such line.
 */
export function parseBusySeconds(text: string): number {
    const numbers = /^cpu +(.*)$/m.exec(text)?.[1];
    if (numbers === undefined) {
        throw new Error('/proc/stat: it has no line that begins with "cpu "');
    }
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = numbers.split(" ").map(Number);
    return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}

/** Reads the text of /proc/meminfo (proc_meminfo(5)). @throws Error naming a line that is missing. */
export function parseMemory(text: string): MachineMemory {
    const bytes = (key: string): number => {
        const kib = new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
        if (kib === undefined) {
            throw new Error(`/proc/meminfo: it has no line "${key}: … kB"`);
        }
        return Number(kib) * 1024;
    };
    return { total: bytes("MemTotal"), available: bytes("MemAvailable") };
}

/** Memory of this machine now. */
export function machineMemory(): MachineMemory {
    return parseMemory(readFileSync("/proc/meminfo", "utf8"));
}

/** A process of this machine. @returns undefined when there is none with this PID. */
export function processStat(pid: number): ProcessStat | undefined {
    try {
        return parseProcessStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
        // The process has ended, maybe between the opening and the reading of the file.
        return undefined;
    }
}

/**
 * All processes of this machine but those that end meanwhile. Reads the files synchronously: reading them in the
 * background costs several times as much CPU.
 */
export const allProcesses = (): ProcessStat[] =>
    readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .flatMap((pid) => processStat(Number(pid)) ?? []);

/** The program and arguments of a process; empty when it has ended or is another user's. */
export function processArguments(pid: number): string[] {
    try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    } catch {
        return [];
    }
}

/** The program of a process as it was called, often with its path. Undefined when it has ended, or has no such text. */
export const processProgram = (pid: number): string | undefined => processArguments(pid)[0];

/**
 * The PIDs of a process in its own namespace and in all those around it that are seen from here, from the line NSpid of
 * /proc/PID/status (proc_pid_status(5)): a process in a container has several.
 */
export const parseNamespacePids = (text: string): number[] =>
    (/^NSpid:(.*)$/m.exec(text)?.[1] ?? "").trim().split(/\s+/).filter(Boolean).map(Number);

/** {@link parseNamespacePids} of a process; empty when it has ended. */
export function namespacePids(pid: number): number[] {
    try {
        return parseNamespacePids(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
        return [];
    }
}

/**
 * Whether this process sees every process that can have the same hostname. It does outside of containers, and in a
 * container with a hostname of its own. In one with the machine's hostname it does not see the machine's processes.
 */
export function seesAllOfHostname(links: (kind: "pid" | "uts") => string = namespaceLink): boolean {
    const isFirst = (kind: "pid" | "uts"): boolean => links(kind) === `${kind}:[${FIRST_NAMESPACES[kind]}]`;
    return isFirst("pid") || !isFirst("uts");
}

const namespaceLink = (kind: string): string => readlinkSync(`/proc/self/ns/${kind}`);

/** The process `root` and everything that it has started, directly or not. Empty when there is no such process. */
export function processTree(processes: Iterable<ProcessStat>, root: number): ProcessStat[] {
    const children = new Map<number, ProcessStat[]>();
    let found: ProcessStat[] = [];
    for (const process of processes) {
        const siblings = children.get(process.parent) ?? [];
        children.set(process.parent, siblings);
        siblings.push(process);
        if (process.pid === root) {
            found = [process];
        }
    }
    // The list grows while it is read: each process adds its children.
    for (const { pid } of found) {
        found.push(...(children.get(pid) ?? []));
    }
    return found;
}
