import { summary, type Summary } from "../summary";
import type { ComponentUsage } from "../usage/totals";
import { passSeconds } from "./pass";
import type { SizingPoint, SizingRow } from "./row";

/** What one point of the curve says. A figure that was not measured is absent. */
export interface SizingFigures extends SizingPoint {
    intervalSeconds: number;
    /** Hosts of the conductor that has most of them, when they are spread evenly. */
    hostsPerConductor: number;
    /** Hosts that became available in a minute, and the seconds that one took from its release. */
    enrolledPerMinute?: number;
    enrolledSeconds?: Summary;
    /** Cores that one conductor used while hosts were enrolled; a conductor is one process, without its nginx. */
    enrolmentCores?: number;
    /** Milliseconds of an answer about one host, and of the list of all hosts. */
    oneNodeMs?: Summary;
    listingMs?: Summary;
    /** Longest time that a conductor's power sync took to go through its hosts, seconds. */
    passSeconds?: number;
    /** Seconds from the change of a host's power at its BMC until its conductor found it. */
    lagSeconds?: Summary;
    /** Changed hosts that no power sync found, although it was waited for longer than an interval. */
    unseen?: number;
    /** Cores at rest: of one conductor, of MariaDB, of the whole machine. */
    conductorCores?: number;
    databaseCores?: number;
    machineCores?: number;
    /** Memory of one conductor at rest, bytes. */
    conductorBytes?: number;
}

/** Components of the benchmark's meter (usage/names.ts). */
const CONDUCTOR = "ironic";
const DATABASE = "mariadb";

const of = (components: readonly ComponentUsage[], name: string): ComponentUsage | undefined =>
    components.find(({ component }) => component === name);

/** The figures of a row. */
export function sizingFigures(row: SizingRow): SizingFigures {
    const { nodes, conductors, powerSync, intervalSeconds } = row;
    return {
        nodes,
        conductors,
        powerSync,
        intervalSeconds,
        hostsPerConductor: Math.ceil(nodes / conductors),
        ...enrolment(row),
        ...rest(row),
        ...latency(row),
        ...sync(row),
    };
}

function enrolment({ enrolment: measured, conductors }: SizingRow): Partial<SizingFigures> {
    if (measured === undefined) {
        return {};
    }
    const { growth, perMinute, host } = measured;
    const conductor = of(growth.machine?.components ?? [], CONDUCTOR);
    return {
        enrolledSeconds: host,
        ...(perMinute === null ? {} : { enrolledPerMinute: perMinute }),
        ...(conductor && { enrolmentCores: conductor.cpuSeconds / growth.seconds / conductors }),
    };
}

function rest({ rest: measured, conductors }: SizingRow): Partial<SizingFigures> {
    if (measured === undefined) {
        return {};
    }
    const { seconds, machineCores, components } = measured;
    const [conductor, database] = [of(components, CONDUCTOR), of(components, DATABASE)];
    return {
        machineCores,
        ...(conductor && {
            conductorCores: conductor.cpuSeconds / seconds / conductors,
            conductorBytes: conductor.memoryBytes / conductors,
        }),
        ...(database && { databaseCores: database.cpuSeconds / seconds }),
    };
}

function latency({ latency: measured }: SizingRow): Partial<SizingFigures> {
    if (measured === undefined) {
        return {};
    }
    return {
        oneNodeMs: summary(measured.samples.map(({ oneNodeMs }) => oneNodeMs)),
        listingMs: summary(measured.samples.map(({ listingMs }) => listingMs)),
    };
}

function sync({ sightings, intervalSeconds }: SizingRow): Partial<SizingFigures> {
    if (sightings === undefined) {
        return {};
    }
    const lags = sightings.flatMap(({ changed, seen }) =>
        seen === null ? [] : [(Date.parse(seen) - Date.parse(changed)) / 1000],
    );
    const passes = [...new Set(sightings.map(({ conductor }) => conductor))].flatMap(
        (name) =>
            passSeconds(
                sightings.filter(({ conductor }) => conductor === name),
                intervalSeconds,
            ) ?? [],
    );
    return {
        lagSeconds: summary(lags),
        unseen: sightings.length - lags.length,
        ...(passes.length > 0 ? { passSeconds: Math.max(...passes) } : {}),
    };
}
