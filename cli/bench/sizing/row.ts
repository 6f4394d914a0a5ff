import type { GrowthUsage } from "../growth";
import type { LatencySample } from "../ironic-probe";
import type { MeasuredCommand } from "../lab";
import type { PowerSync } from "../options";
import type { IdleUsage } from "../rest";
import type { Summary } from "../summary";

/** One lab of the curve: so many hosts, so many conductors, and how often these look at the power of each host. */
export interface SizingPoint {
    nodes: number;
    conductors: number;
    powerSync: PowerSync;
}

/** How the hosts that a lab grew by became available. */
export interface Enrolment {
    up: MeasuredCommand;
    growth: GrowthUsage;
    /** Hosts that became available, and how many were made. */
    available: number;
    of: number;
    /** Hosts that became available each minute, from the first one made to the last one available; null: none did. */
    perMinute: number | null;
    /** Seconds of a host from its release by the host queue until it is available. */
    host: Summary;
}

/** A host whose power was changed at its BMC, and when Ironic's power sync found that. */
export interface Sighting {
    /** UUID of its node in Ironic. */
    node: string;
    /** Name of the conductor that has it. */
    conductor: string;
    /** Place among the conductor's hosts in the order in which a power sync looks at them, from 0 on. */
    position: number;
    /** When the BMC was told to change the power, ISO 8601. */
    changed: string;
    /** When the conductor found it, ISO 8601; null: not within the wait. */
    seen: string | null;
}

/** Figures of one point. What is absent was not measured: the run was stopped before. */
export interface SizingRow extends SizingPoint {
    /** When the point was begun, ISO 8601. */
    began: string;
    /** Seconds between the beginnings of two power syncs. */
    intervalSeconds: number;
    /** CPU-milliseconds of a fixed piece of work, before and after (see calibration.ts). */
    calibrationMs?: [number, number];
    /** Absent where the lab had its hosts already, and only the power sync was changed. */
    enrolment?: Enrolment;
    /** The lab at rest, over two power syncs, and the samples of it that failed. */
    rest?: IdleUsage & { failedSamples: number };
    latency?: { samples: LatencySample[]; failures: number; lastError: string };
    sightings?: Sighting[];
}

/** A benchmark with --sizing. */
export interface SizingRun {
    /** Configuration of all labs. */
    settings: Record<string, string>;
    /** Short hash of the program's commit; "unknown" without a clone of its repository. */
    commit: string;
    rows: SizingRow[];
}
