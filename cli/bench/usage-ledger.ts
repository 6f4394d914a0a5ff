/** CPU and memory of one component of a lab. */
export interface ComponentUsage {
    component: string;
    /** Since the beginning of the window, over all its instances, also those that have ended. */
    cpuSeconds: number;
    /** At the last sample. */
    memoryBytes: number;
    /** Greatest sum over its instances at any one sample of the window. */
    peakMemoryBytes: number;
    /** Running at the last sample. */
    instances: number;
}

/**
 * What holds an instance: the node itself, a pod, or Docker. The first two have a total of their own, and what no instance accounts for is a component too.
 */
export type Holder = "node" | "pods" | "docker";

/** What one look found of one instance. */
export interface Sight {
    /** Another for each instance, also where an identifier is used again. */
    key: string;
    holder: Holder;
    /** Undefined: the total of its holder; the node's includes that of the pods. */
    component?: string;
    /** Since the instance began. */
    cpuSeconds: number;
    memoryBytes: number;
}

interface Instance {
    source: string;
    holder: Holder;
    component: string | undefined;
    /** CPU-seconds at the beginning of the window. */
    baseline: number;
    /** CPU-seconds of the window from before its counter began anew. */
    carried: number;
    last: number;
    memoryBytes: number;
    running: boolean;
}

/** Of the node: short-lived processes (probes, CNI, the meter itself) and its page cache. Of the pods: containers that began and ended between two looks. */
export const REMAINDERS = { node: "node, other", pods: "pods, short-lived" } as const;

/** Keeps the books of a lab's instances. */
export class UsageLedger {
    private readonly instances = new Map<string, Instance>();
    private readonly peaks = new Map<string, number>();

    /**
     * Enters a complete look at a source: what is not in it has ended, and keeps what it had used.
     * @param existed they ran before the meter looked for the first time: what they used until now is not of the window.
     */
    apply(source: string, sights: readonly Sight[], existed = false): void {
        const seen = new Set<string>();
        for (const { key, holder, component, cpuSeconds, memoryBytes } of sights) {
            const id = `${source} ${key}`;
            seen.add(id);
            const known = this.instances.get(id);
            if (known === undefined) {
                const baseline = existed ? cpuSeconds : 0;
                this.instances.set(id, {
                    source,
                    holder,
                    component,
                    baseline,
                    carried: 0,
                    last: cpuSeconds,
                    memoryBytes,
                    running: true,
                });
                continue;
            }
            // A restart in the same place: what it had used remains, and it counts from zero again.
            if (cpuSeconds < known.last) {
                Object.assign(known, { carried: used(known), baseline: 0 });
            }
            Object.assign(known, { component, last: cpuSeconds, memoryBytes, running: true });
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

    /** Sources with something that runs. */
    runningSources(): Set<string> {
        return new Set([...this.instances.values()].filter(({ running }) => running).map(({ source }) => source));
    }

    /** Begins a window at what was last seen. */
    mark(): void {
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

    /** The window's usage, most CPU first. */
    report(): ComponentUsage[] {
        const components = new Map<string, ComponentUsage>();
        const all = [...this.instances.values()];
        for (const instance of all) {
            if (instance.component === undefined) {
                continue;
            }
            const { component } = instance;
            const entry = components.get(component) ?? {
                component,
                cpuSeconds: 0,
                memoryBytes: 0,
                peakMemoryBytes: 0,
                instances: 0,
            };
            entry.cpuSeconds += used(instance);
            entry.memoryBytes += instance.memoryBytes;
            entry.instances += instance.running ? 1 : 0;
            components.set(component, entry);
        }
        for (const holder of ["node", "pods"] as const) {
            if (!all.some((instance) => instance.holder === holder && instance.component === undefined)) {
                continue;
            }
            const rest = (measure: (instance: Instance) => number): number =>
                Math.max(0, remainder(all, holder, measure));
            const component = REMAINDERS[holder];
            components.set(component, {
                component,
                cpuSeconds: rest(used),
                memoryBytes: rest(({ memoryBytes }) => memoryBytes),
                peakMemoryBytes: 0,
                instances: 0,
            });
        }
        for (const entry of components.values()) {
            entry.peakMemoryBytes = Math.max(this.peaks.get(entry.component) ?? 0, entry.memoryBytes);
        }
        return [...components.values()].sort(
            (a, b) => b.cpuSeconds - a.cpuSeconds || a.component.localeCompare(b.component),
        );
    }
}

const used = ({ carried, last, baseline }: Instance): number => carried + last - baseline;

/** Of a holder's total, what none of its instances accounts for. */
function remainder(all: readonly Instance[], holder: "node" | "pods", measure: (instance: Instance) => number): number {
    const sum = (instances: readonly Instance[]): number =>
        instances.reduce((total, instance) => total + measure(instance), 0);
    const totals = (of: Holder): number =>
        sum(all.filter((instance) => instance.holder === of && instance.component === undefined));
    const accounted = sum(all.filter((instance) => instance.holder === holder && instance.component !== undefined));
    return totals(holder) - (holder === "node" ? totals("pods") : 0) - accounted;
}
