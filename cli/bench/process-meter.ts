import { allProcesses, processTree, type ProcessStat } from "../../lib/proc";

/** Size of a page of memory: 4 KiB on x86-64, and by default on arm64. */
const PAGE_BYTES = 4096;
const SAMPLE_MS = 2000;

/** CPU and memory that a command used. */
export interface ProcessUsage {
    cpuSeconds: number;
    peakMemoryBytes: number;
}

/** Usage of a process and of everything that it has started, its ended children included. */
export function treeUsage(
    processes: readonly ProcessStat[],
    root: number,
): { cpuSeconds: number; memoryBytes: number } {
    const tree = processTree(processes, root);
    return {
        cpuSeconds: tree.reduce((sum, { cpuSeconds, childrenCpuSeconds }) => sum + cpuSeconds + childrenCpuSeconds, 0),
        memoryBytes: tree.reduce((sum, { residentPages }) => sum + residentPages * PAGE_BYTES, 0),
    };
}

/**
 * Measures a command with everything that it starts, every two seconds. A child that has ended counts with its parent,
 * which waited for it. The usage of the command's last two seconds is not seen.
 */
export class ProcessMeter {
    private cpuSeconds = 0;
    private peakMemoryBytes = 0;
    private readonly timer: NodeJS.Timeout;

    constructor(private readonly pid: number) {
        this.timer = setInterval(() => this.sample(), SAMPLE_MS);
    }

    /** Usage so far. */
    get usage(): ProcessUsage {
        return { cpuSeconds: this.cpuSeconds, peakMemoryBytes: this.peakMemoryBytes };
    }

    stop(): ProcessUsage {
        clearInterval(this.timer);
        return this.usage;
    }

    private sample(): void {
        const { cpuSeconds, memoryBytes } = treeUsage(allProcesses(), this.pid);
        this.cpuSeconds = Math.max(this.cpuSeconds, cpuSeconds);
        this.peakMemoryBytes = Math.max(this.peakMemoryBytes, memoryBytes);
    }
}
