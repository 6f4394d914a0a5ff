/** How large a lab is, as far as time and memory follow from it. */
export interface LabSize {
    hosts: number;
    /** Machines of all workload clusters together. */
    machines: number;
    conductors: number;
}

/** What the model knows of a lab: fitted to measurements (fit.ts). Each number is 0 or more. */
export interface Parameters {
    /** CPU-seconds until a host is available. */
    hostWork: number;
    /** CPU-seconds until a machine of a cluster is ready, the provisioning of its host included. */
    machineWork: number;
    /** Cores that a host with its machine keeps busy, while the lab grows. */
    upkeep: number;
    /** Shortest time of new hosts or machines, however few, seconds. */
    leastSeconds: number;
    /** Seconds from nothing to the first host, without Pulumi's own time for what is there. */
    fromNothingSeconds: number;
    /** Seconds of an `up` that changes nothing, and what each host and each machine adds. */
    pulumiSeconds: number;
    pulumiSecondsEach: number;
    /** CPU-seconds until a host or a machine is gone, and the shortest time of that, seconds. */
    removalWork: number;
    leastRemovalSeconds: number;
    /** Seconds that another number of conductors takes. */
    conductorsSeconds: number;
    /** Memory of a lab without hosts and conductors, GiB. */
    baseGib: number;
    /** What each machine adds, GiB, and which part of that a host does without a machine. */
    machineGib: number;
    hostShare: number;
    /** Garbage of Go programs, up to which they grow with the first objects, GiB. */
    garbageGib: number;
}

/** Part of the upkeep that is the host's: of 0.85 cores at 1000/1000 (docs/measurements/2026-11-22-1000-hosts.md). */
const HOST_UPKEEP = 0.45;

/** Memory of a conductor: two had 0.5 GiB (docs/measurements/2026-11-21-cpu-by-component.md). */
const CONDUCTOR_GIB = 0.25;

/** Machines with which half of the garbage is there. */
const HALF_GARBAGE = 10;

const NOTHING: LabSize = { hosts: 0, machines: 0, conductors: 0 };

/** Cores that a lab keeps busy with what is there. */
export const upkeepCores = ({ hosts, machines }: LabSize, { upkeep }: Parameters): number =>
    upkeep * (HOST_UPKEEP * hosts + (1 - HOST_UPKEEP) * machines);

const work = ({ hosts, machines }: LabSize, of: { host: number; machine: number }): number =>
    hosts * of.host + machines * of.machine;

const less = (a: LabSize, b: LabSize): LabSize => ({
    hosts: Math.max(0, a.hosts - b.hosts),
    machines: Math.max(0, a.machines - b.machines),
    conductors: Math.max(0, a.conductors - b.conductors),
});

/** What two labs have both. */
const common = (a: LabSize, b: LabSize): LabSize => ({
    hosts: Math.min(a.hosts, b.hosts),
    machines: Math.min(a.machines, b.machines),
    conductors: Math.min(a.conductors, b.conductors),
});

/**
 * Seconds in which work is done by what the upkeep leaves of the cores, while the upkeep goes evenly from one number of
 * cores to another. Infinity where nothing is left.
 */
function busySeconds(cpuSeconds: number, from: number, to: number, cores: number): number {
    if (cpuSeconds === 0) {
        return 0;
    }
    const [most, change] = [Math.max(from, to), Math.abs(to - from)];
    if (most >= cores) {
        return Infinity;
    }
    // For a small change the logarithm has no digits left.
    return change < 1e-6 * cores
        ? cpuSeconds / (cores - most)
        : (cpuSeconds / change) * Math.log((cores - most + change) / (cores - most));
}

/** What a lab's growth takes. */
interface Growth {
    /** From the first new host until everything is where it should be. */
    seconds: number;
    /** CPU-seconds meanwhile, with those of what is there. */
    cpuSeconds: number;
}

/** What the way to a larger lab takes, from the first new host on. */
export function growth(from: LabSize, to: LabSize, cores: number, known: Parameters): Growth {
    const start = common(from, to);
    const cpuSeconds = work(less(to, start), { host: known.hostWork, machine: known.machineWork });
    if (cpuSeconds === 0) {
        return { seconds: 0, cpuSeconds: 0 };
    }
    const [before, after] = [upkeepCores(start, known), upkeepCores(to, known)];
    const seconds = Math.max(known.leastSeconds, busySeconds(cpuSeconds, before, after, cores));
    return { seconds, cpuSeconds: Math.min(cpuSeconds + (seconds * (before + after)) / 2, cores * seconds) };
}

/** Seconds until what a smaller lab does not have is gone. */
function removalSeconds(from: LabSize, to: LabSize, cores: number, known: Parameters): number {
    const rest = common(from, to);
    const cpuSeconds = work(less(from, rest), { host: known.removalWork, machine: known.removalWork });
    const busy = busySeconds(cpuSeconds, upkeepCores(from, known), upkeepCores(rest, known), cores);
    return cpuSeconds === 0 ? 0 : Math.max(known.leastRemovalSeconds, busy);
}

/** Seconds of an `up` that changes nothing. */
export const pulumiSeconds = (size: LabSize, known: Parameters): number =>
    known.pulumiSeconds + known.pulumiSecondsEach * (size.hosts + size.machines);

/**
 * Seconds of an `up`, with all parts built.
 * @param from undefined: there is no lab
 * @param cores of the machine
 * @returns Infinity where the upkeep takes all cores
 */
export function upSeconds(from: LabSize | undefined, to: LabSize, cores: number, known: Parameters): number {
    const start = from ?? NOTHING;
    const larger = { ...to, hosts: Math.max(start.hosts, to.hosts), machines: Math.max(start.machines, to.machines) };
    const made = from === undefined ? known.fromNothingSeconds : 0;
    const conductors = from !== undefined && from.conductors !== to.conductors ? known.conductorsSeconds : 0;
    return (
        pulumiSeconds(larger, known) +
        made +
        conductors +
        removalSeconds(start, to, cores, known) +
        growth(start, to, cores, known).seconds
    );
}

/** Most memory that a lab takes while it grows to a size, GiB. */
export function peakGib({ hosts, machines, conductors }: LabSize, known: Parameters): number {
    const { baseGib, machineGib, hostShare, garbageGib } = known;
    // A machine has a host: its share is counted with the host.
    const weight = hostShare * hosts + (1 - hostShare) * machines;
    return baseGib + CONDUCTOR_GIB * conductors + machineGib * weight + (garbageGib * weight) / (weight + HALF_GARBAGE);
}
