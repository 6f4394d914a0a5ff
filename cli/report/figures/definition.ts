import type { RunRecord } from "../../record/record";
import type { Measured } from "./measured";

/** What a figure counts, and in what. */
export const UNITS = {
    s: "seconds",
    "CPU-s": "CPU-seconds",
    B: "bytes",
    cores: "cores",
    "/min": "per minute",
    ms: "CPU-milliseconds of the yardstick",
    "": "a number",
} as const;

export type Unit = keyof typeof UNITS;

/** The chapters of the report, in order. */
export const GROUPS = {
    hosts: "Hosts",
    clusters: "Clusters and machines",
    throughput: "Throughput",
    failures: "Failures, retries, stalls",
    apiserver: "kube-apiserver",
    ironic: "Ironic's API",
    queues: "Queues of the controllers",
    stores: "etcd and MariaDB",
    cost: "CPU and memory",
    pulumi: "Pulumi",
} as const;

export type Group = keyof typeof GROUPS;

interface Facts {
    group: Group;
    meaning: string;
    unit: Unit;
    /** Whether more is better. Default: less is. */
    moreIsBetter?: boolean;
    /** Whether it is a single number. Default: figures over many measurements. */
    isNumber?: boolean;
}

/** A figure that every report has; undefined: this run has not recorded it. */
export interface Single extends Facts {
    name: string;
    of: (record: RunRecord) => Measured | undefined;
}

/** Figures of which a run has one for each part. Its name ends in `.*`, in whose place the part's name stands. */
export interface Family extends Facts {
    name: `${string}.*`;
    each: (record: RunRecord) => Record<string, Measured | undefined>;
}

export type Definition = Single | Family;

export const isFamily = (definition: Definition): definition is Family => "each" in definition;

/** The name of a part as it stands in the name of a figure: "ironic http" is ironic-http. */
export const partName = (part: string): string => part.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "");
