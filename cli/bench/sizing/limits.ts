import { POWER_SYNCS, type PowerSync } from "../options";
import type { SizingFigures } from "./figures";

/** Longest time until a change of power is found, in intervals. A host's turn comes once an interval, give or take. */
const LAG_INTERVALS = 1.1;
/** Longest time of the list of all hosts, milliseconds (95th percentile). BMO asks for it before it begins a host. */
const LISTING_MS = 1000;
/** Most cores that a conductor may use: it is a Python process, of which one thread at a time computes. */
const CONDUCTOR_CORES = 0.8;

/** Something that must hold for a conductor to bear its hosts. */
export interface Limit {
    name: string;
    /** What must hold, in words. */
    rule: string;
    /** Whether it holds; undefined: it was not measured. */
    holds: (figures: SizingFigures) => boolean | undefined;
    /** Whether a point can be judged without it, because only growing labs have its figure. */
    optional?: boolean;
}

const below = (value: number | null | undefined, most: number): boolean | undefined =>
    value === undefined || value === null ? undefined : value < most;

/** All limits, in the order in which they are named. */
export const LIMITS: readonly Limit[] = [
    {
        name: "power sync",
        rule: "a power sync goes through all hosts of its conductor in less than the interval",
        holds: ({ passSeconds, intervalSeconds }) => below(passSeconds, intervalSeconds),
    },
    {
        name: "sync lag",
        rule: `each change of power at a BMC is found, in less than ${LAG_INTERVALS} intervals`,
        holds: ({ lagSeconds, unseen, intervalSeconds }) =>
            unseen !== undefined && unseen > 0 ? false : below(lagSeconds?.max, LAG_INTERVALS * intervalSeconds),
    },
    {
        name: "API",
        rule: `the list of all hosts takes less than ${LISTING_MS} ms (95th percentile)`,
        holds: ({ listingMs }) => below(listingMs?.p95, LISTING_MS),
    },
    {
        name: "CPU at rest",
        rule: `a conductor uses less than ${CONDUCTOR_CORES} of a core at rest`,
        holds: ({ conductorCores }) => below(conductorCores, CONDUCTOR_CORES),
    },
    {
        name: "CPU of enrolment",
        rule: `a conductor uses less than ${CONDUCTOR_CORES} of a core while hosts are enrolled`,
        holds: ({ enrolmentCores }) => below(enrolmentCores, CONDUCTOR_CORES),
        optional: true,
    },
];

/** Names of the limits that do not hold at a point. */
export const broken = (figures: SizingFigures): string[] =>
    LIMITS.filter(({ holds }) => holds(figures) === false).map(({ name }) => name);

/** Whether all limits hold at a point. Where one that every point has was not measured, that is not known. */
const holds = (figures: SizingFigures): boolean =>
    LIMITS.every((limit) => limit.holds(figures) ?? limit.optional ?? false);

/** How many hosts a conductor bears with a power sync. */
export interface Sizing {
    powerSync: PowerSync;
    intervalSeconds: number;
    /** Most hosts of a conductor at which all limits hold, and at which none is broken with as many or fewer. */
    holds?: number;
    /** Fewest hosts of a conductor at which a limit is broken, and the names of those. Absent: that was not reached. */
    breaks?: { hostsPerConductor: number; limits: string[] };
}

/** What the points of each power sync say about the hosts of a conductor. */
export function sizings(points: readonly SizingFigures[]): Sizing[] {
    return POWER_SYNCS.flatMap((powerSync) => {
        const own = points.filter((point) => point.powerSync === powerSync);
        const [some] = own;
        return some === undefined ? [] : [sizingOf(own, powerSync, some.intervalSeconds)];
    });
}

function sizingOf(points: readonly SizingFigures[], powerSync: PowerSync, intervalSeconds: number): Sizing {
    const failed = points.filter((point) => broken(point).length > 0);
    const least = Math.min(...failed.map(({ hostsPerConductor }) => hostsPerConductor));
    const held = points.filter((point) => holds(point) && point.hostsPerConductor < least);
    const names = failed.filter(({ hostsPerConductor }) => hostsPerConductor === least).flatMap(broken);
    return {
        powerSync,
        intervalSeconds,
        ...(held.length > 0 ? { holds: Math.max(...held.map(({ hostsPerConductor }) => hostsPerConductor)) } : {}),
        ...(failed.length > 0 ? { breaks: { hostsPerConductor: least, limits: [...new Set(names)] } } : {}),
    };
}

/** The same in a sentence. */
export function sizingText({ intervalSeconds, holds: most, breaks }: Sizing): string {
    const by = `power sync every ${intervalSeconds} s`;
    if (breaks === undefined) {
        return most === undefined
            ? `${by}: nothing was measured to its end`
            : `${by}: the most hosts of a conductor were not reached: at least ${most}`;
    }
    const { hostsPerConductor, limits } = breaks;
    const end = `with ${hostsPerConductor} these limits do not hold: ${limits.join(", ")}`;
    return most === undefined
        ? `${by}: fewer than ${hostsPerConductor} hosts a conductor; ${end}`
        : `${by}: ${most} hosts a conductor; ${end}`;
}
