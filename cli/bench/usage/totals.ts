/** CPU and memory of one component of a lab. */
export interface ComponentUsage {
    component: string;
    /** CPU-seconds since the beginning of the window, over all its instances, also those that have ended. */
    cpuSeconds: number;
    /** Memory at the last sample. */
    memoryBytes: number;
    /** Greatest sum over its instances at any one sample of the window. */
    peakMemoryBytes: number;
    /** Number of instances that ran at the last sample. */
    instances: number;
}

/**
 * Who runs an instance: the node, a pod, or a tool of the machine. For the node and for the pods there is also a total of everything,
 * so that usage which no instance accounts for is seen.
 */
export type Owner = "node" | "pods" | "machine";

/** Usage of one instance (a process or a container) at one moment. */
export interface Sample {
    /** Different for each instance, also for two that had the same PID one after another. */
    key: string;
    owner: Owner;
    /** Undefined for the total of the owner. The node's total includes that of the pods. */
    component?: string;
    /** CPU-seconds since the instance began. */
    cpuSeconds: number;
    memoryBytes: number;
}

interface Instance {
    source: string;
    owner: Owner;
    component: string | undefined;
    /** CPU-seconds at the beginning of the window. */
    baseline: number;
    /** CPU-seconds of the window from before a restart set the counter to zero. */
    carried: number;
    last: number;
    memoryBytes: number;
    running: boolean;
}

/**
 * Components for usage that no instance accounts for. Of the node: short-lived processes (probes, CNI, the meter
 * itself) and page cache. Of the pods: containers that began and ended between two samples.
 */
const REMAINDERS = { node: "node, other", pods: "pods, short-lived" } as const;

/** Adds up the usage of a lab's instances by component, from one sample to the next. */
export class UsageTotals {
    private readonly instances = new Map<string, Instance>();
    private readonly peaks = new Map<string, number>();

    /**
     * Takes the samples of all instances of a source. An instance without a sample has ended; its CPU-seconds stay.
     * @param existed whether the instances ran before the window began: their usage until now is not part of the
     * window.
     */
    apply(source: string, samples: readonly Sample[], existed = false): void {
        const seen = new Set<string>();
        for (const { key, owner, component, cpuSeconds, memoryBytes } of samples) {
            const id = `${source} ${key}`;
            seen.add(id);
            const known = this.instances.get(id) ?? {
                source,
                owner,
                baseline: existed ? cpuSeconds : 0,
                carried: 0,
                last: cpuSeconds,
            };
            // The instance was restarted in the same place: its counter has begun again from zero.
            const restarted = cpuSeconds < known.last ? { carried: used(known), baseline: 0 } : {};
            this.instances.set(id, {
                ...known,
                ...restarted,
                component,
                last: cpuSeconds,
                memoryBytes,
                running: true,
            });
        }
        for (const [id, instance] of this.instances) {
            if (instance.source === source && !seen.has(id)) {
                Object.assign(instance, { running: false, memoryBytes: 0 });
            }
        }
        for (const { component, memoryBytes } of this.report()) {
            this.peaks.set(component, Math.max(this.peaks.get(component) ?? 0, memoryBytes));
        }
    }

    /** Sources of which an instance runs. */
    runningSources(): Set<string> {
        return new Set([...this.instances.values()].filter(({ running }) => running).map(({ source }) => source));
    }

    /** Begins a window at the last samples. */
    beginWindow(): void {
        for (const [id, instance] of this.instances) {
            if (!instance.running) {
                this.instances.delete(id);
            }
            Object.assign(instance, { baseline: instance.last, carried: 0 });
        }
        this.peaks.clear();
        for (const { component, memoryBytes } of this.report()) {
            this.peaks.set(component, memoryBytes);
        }
    }

    /** The usage of the window by component, most CPU first. */
    report(): ComponentUsage[] {
        const components = new Map<string, ComponentUsage>();
        const all = [...this.instances.values()];
        const add = (component: string, cpuSeconds: number, memoryBytes: number, instances: number): void => {
            const before = components.get(component) ?? { cpuSeconds: 0, memoryBytes: 0, instances: 0 };
            const memory = before.memoryBytes + memoryBytes;
            components.set(component, {
                component,
                cpuSeconds: before.cpuSeconds + cpuSeconds,
                memoryBytes: memory,
                peakMemoryBytes: Math.max(this.peaks.get(component) ?? 0, memory),
                instances: before.instances + instances,
            });
        };
        for (const instance of all) {
            if (instance.component !== undefined) {
                add(instance.component, used(instance), instance.memoryBytes, instance.running ? 1 : 0);
            }
        }
        for (const owner of ["node", "pods"] as const) {
            if (all.some((instance) => instance.owner === owner && instance.component === undefined)) {
                const rest = (measure: (instance: Instance) => number): number =>
                    Math.max(0, remainder(all, owner, measure));
                add(
                    REMAINDERS[owner],
                    rest(used),
                    rest(({ memoryBytes }) => memoryBytes),
                    0,
                );
            }
        }
        return [...components.values()].sort(
            (a, b) => b.cpuSeconds - a.cpuSeconds || a.component.localeCompare(b.component),
        );
    }
}

const used = ({ carried, last, baseline }: Pick<Instance, "carried" | "last" | "baseline">): number =>
    carried + last - baseline;

/** The part of an owner's total that none of its instances accounts for. */
function remainder(all: readonly Instance[], owner: "node" | "pods", measure: (instance: Instance) => number): number {
    const sum = (instances: readonly Instance[]): number =>
        instances.reduce((total, instance) => total + measure(instance), 0);
    const totals = (of: Owner): number =>
        sum(all.filter((instance) => instance.owner === of && instance.component === undefined));
    const accounted = sum(all.filter((instance) => instance.owner === owner && instance.component !== undefined));
    return totals(owner) - (owner === "node" ? totals("pods") : 0) - accounted;
}
