import type { MachineFacts } from "../../lib/machine-facts";
import type { Tuning } from "../../plan/config/keys";
import type { GrowthUsage } from "./growth";
import type { LatencySample } from "./ironic-probe";
import type { MeasuredCommand } from "./lab";
import type { BenchSize } from "./options";
import type { IdleUsage } from "./rest";
import type { SizingRun } from "./sizing/row";
import type { StageReport } from "./stages/report";

/** The JSON file of figures that a benchmark writes. */
export interface BenchFile {
    machine: MachineFacts;
    /** What A and B are, where two labs are compared. */
    sides?: { A: string; B: string };
    runs: RunResult[];
    resizes: ResizeRun[];
    /** What labs of several numbers of hosts and of conductors were seen to bear. */
    sizing?: SizingRun;
}

/** Figures of one lab that was brought to one size. */
export interface RunResult extends BenchSize {
    /** Which of two labs that are compared. */
    side?: "A" | "B";
    tuning: Tuning;
    settings: Record<string, string>;
    /** Short hash of the program's commit; "unknown" without a clone of its repository. */
    commit: string;
    /** When the run began, ISO 8601. */
    began: string;
    preview: MeasuredCommand;
    up: MeasuredCommand;
    /** An `up` after the first one, which has nothing to change. */
    noChangeUp?: MeasuredCommand;
    previewAfter?: MeasuredCommand;
    destroy?: MeasuredCommand;
    /** CPU-milliseconds of a fixed piece of work, before and after the run (see calibration.ts). */
    calibrationMs?: [number, number];
    state: { resources: number; bytes?: number };
    growth: GrowthUsage;
    stages: StageReport;
    ironicLatency?: {
        samples: LatencySample[];
        failures: number;
        lastError: string;
        /** Whether the requests went through the cluster's API server, to one conductor. */
        isForwarded: boolean;
    };
    idle?: IdleUsage;
}

/** Numbers of objects in a lab at one moment. */
export interface Counts {
    hosts: number;
    hostsProvisioned: number;
    clusters: number;
    clustersAvailable: number;
}

/** One change of size, made while the lab of the size before was still in progress. */
export interface ResizeStep {
    from: BenchSize;
    to: BenchSize;
    /** What there was when the size was changed. */
    countsBefore: Counts;
    up: MeasuredCommand;
    /** Pulumi's resources by what was done to them: `same`, `create`, `update`, `delete`, … */
    changes: Record<string, number>;
    /**
     * Objects and containers that have a place in the new size, but were replaced or are gone. Empty when all is well.
     */
    touched: string[];
}

/** Figures of one lab through several sizes, changed while hosts and clusters of the size before were in progress. */
export interface ResizeRun {
    settings: Record<string, string>;
    commit: string;
    began: string;
    steps: ResizeStep[];
    /** Seconds from the first `up` until the last size was reached. */
    seconds: number;
    countsAtEnd: Counts;
}
