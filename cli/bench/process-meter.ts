import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second in /proc, on every Linux (proc(5): sysconf(_SC_CLK_TCK)). */
const TICKS = 100;
const PAGE_BYTES = 4096;
const LOOK_MS = 2000;

interface Process {
    parent: number;
    /** Its own CPU and that of its ended children, s. */
    cpuSeconds: number;
    memoryBytes: number;
}

/** What a command used. */
export interface ProcessUsage {
    cpuSeconds: number;
    peakMemoryBytes: number;
}

/** Fields of /proc/PID/stat (proc(5)), counted from the state, which follows the name in brackets. */
export function parseStat(text: string): Process {
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const at = (field: number): number => Number(fields[field - 3]);
    return { parent: at(4), cpuSeconds: (at(14) + at(15) + at(16) + at(17)) / TICKS, memoryBytes: at(24) * PAGE_BYTES };
}

/** The process `root` and everything beneath it. */
export function tree(processes: ReadonlyMap<number, Process>, root: number): Process[] {
    const children = new Map<number, number[]>();
    for (const [pid, { parent }] of processes) {
        children.set(parent, [...(children.get(parent) ?? []), pid]);
    }
    const found: Process[] = [];
    const queue = [root];
    for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
        const process = processes.get(pid);
        if (process) {
            found.push(process);
        }
        queue.push(...(children.get(pid) ?? []));
    }
    return found;
}

/** Not in the background: that costs several times as much, and this is part of what the benchmark measures. */
function allProcesses(): Map<number, Process> {
    const found = new Map<number, Process>();
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
        try {
            found.set(Number(pid), parseStat(readFileSync(`/proc/${pid}/stat`, "utf8")));
        } catch {
            // It has ended.
        }
    }
    return found;
}

/**
 * CPU and memory of a command with everything it starts, looked at every two seconds. A child that ended counts with its
 * parent, which waited for it; what a command used in its last two seconds is not seen.
 */
export class ProcessMeter {
    private cpu = 0;
    private peak = 0;
    private readonly timer: NodeJS.Timeout;

    constructor(private readonly pid: number) {
        this.timer = setInterval(() => this.look(), LOOK_MS);
    }

    /** So far. */
    get usage(): ProcessUsage {
        return { cpuSeconds: this.cpu, peakMemoryBytes: this.peak };
    }

    stop(): ProcessUsage {
        clearInterval(this.timer);
        return this.usage;
    }

    private look(): void {
        const processes = tree(allProcesses(), this.pid);
        this.cpu = Math.max(
            this.cpu,
            processes.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
        );
        this.peak = Math.max(
            this.peak,
            processes.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
        );
    }
}
