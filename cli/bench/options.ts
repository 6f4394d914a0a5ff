import { UserError } from "../../plan/user-error";
import type { LabPlace } from "./lab";

/** How often conductors look at the power of each host: as this lab has it, or as the published lab had it. */
export const POWER_SYNCS = ["lab", "published"] as const;
export type PowerSync = (typeof POWER_SYNCS)[number];

/** Numbers of hosts that are measured when none are given. */
const DEFAULT_NODES = { sizes: [20, 50, 100], sizing: [100, 300] };

/** Options of `npm run bench`. */
export interface BenchOptions {
    stack: string;
    /** Operations of Pulumi side by side. */
    parallel: number;
    /** Numbers of hosts. Default: 20, 50, 100, or with `sizing` 100, 300. */
    nodes?: number[];
    /** Numbers of clusters. Default: as many as the hosts suffice for. */
    clusters?: number[];
    /** Whether it is measured how many hosts a conductor bears. */
    sizing: boolean;
    /** Numbers of conductors, with `sizing`. Default: 1, 2, 4. */
    conductors?: number[];
    /** Power syncs, with `sizing`. Default: both. */
    powerSync?: PowerSync[];
    /** Whether each size is measured in the published lab's way as well, to compare. */
    reference: boolean;
    /** Whether one lab grows through all sizes. */
    grow: boolean;
    /** Whether one lab is brought to each size while the size before is still in progress. */
    underLoad: boolean;
    /** Further configuration of a second lab that each size is compared with, as KEY=VALUE. */
    compare?: string[];
    /** Folder of another checkout, whose program makes that second lab. */
    compareCheckout?: string;
    /** Whether that second lab is measured without a record. */
    compareNoRecord: boolean;
    /** Whether a record of each run is kept. */
    record: boolean;
    /** How often each size is measured. */
    runs: number;
    /** How long each idle lab is measured, seconds. */
    idle: number;
    /** Further configuration of the labs, as KEY=VALUE. */
    set: string[];
    /** File of figures, from the top of the checkout. */
    out: string;
    /** File of limits that each run is held against. */
    thresholds?: string;
    /** File for the limits' verdicts as JUnit's XML. */
    junit?: string;
    /** Whether the last lab stays up. */
    keep: boolean;
}

/** The numbers of hosts that are measured. */
export const nodesOf = ({ nodes, sizing }: Pick<BenchOptions, "nodes" | "sizing">): number[] =>
    nodes ?? (sizing ? DEFAULT_NODES.sizing : DEFAULT_NODES.sizes);

/** @throws UserError when options contradict each other, before anything is made. */
export function checkWays(
    { grow, reference, underLoad, idle, record, compareNoRecord, thresholds }: BenchOptions,
    { isHere }: Pick<LabPlace, "isHere">,
): void {
    if ((!record || compareNoRecord || underLoad) && thresholds !== undefined) {
        throw new UserError(
            "--thresholds: holds records against limits, and excludes --no-record, --compare-no-record and " +
                "--under-load, which keep none of each run",
        );
    }
    if (!record && compareNoRecord) {
        throw new UserError("--no-record, --compare-no-record: without a record of A, B is the same lab");
    }
    const elsewhere = [
        ...(reference ? ["--reference: the published lab has a provisioning network"] : []),
        ...(idle > 0 ? ["--idle: what a lab uses at rest is read on the machine of its parts"] : []),
    ];
    if (!isHere && elsewhere.length > 0) {
        throw new UserError(elsewhere.map((each) => `${each}: not with --set substrate=existing`).join("\n"));
    }
    if (grow && reference) {
        throw new UserError("--grow, --reference: the published lab cannot grow, so the two exclude each other");
    }
    if (underLoad && (grow || reference)) {
        throw new UserError(
            "--under-load: it resizes one lab in the lab's own way, and excludes --grow and --reference",
        );
    }
}

/** Size of a lab: number of hosts, and number of workload clusters. */
export interface BenchSize {
    nodes: number;
    clusters: number;
}

export interface SizeOptions {
    /** Numbers of hosts. */
    nodes: readonly number[];
    /** Numbers of clusters: one for each number of hosts, or one for all. Default: as many as the hosts suffice for. */
    clusters?: readonly number[];
    /** Number of machines in each cluster. */
    machinesPerCluster: number;
}

/**
 * Combines the numbers of hosts and of clusters into the sizes to measure.
 * @throws UserError with every size that is impossible, before anything is made.
 */
export function benchSizes({ nodes, clusters, machinesPerCluster }: SizeOptions): BenchSize[] {
    const given = clusters ?? nodes.map((count) => Math.floor(count / machinesPerCluster));
    if (given.length !== 1 && given.length !== nodes.length) {
        throw new UserError(
            `--clusters: ${given.join(",")}: must be one number, or one for each of --nodes ${nodes.join(",")}`,
        );
    }
    const sizes = nodes.map((count, index) => ({
        nodes: count,
        clusters: given[given.length === 1 ? 0 : index] as number,
    }));
    const problems = sizes
        .filter((size) => size.clusters * machinesPerCluster > size.nodes)
        .map(
            (size) =>
                `--clusters: ${size.clusters} clusters of ${machinesPerCluster} machines need ` +
                `${size.clusters * machinesPerCluster} hosts, but there are ${size.nodes}`,
        );
    if (problems.length > 0) {
        throw new UserError(problems.join("\n"));
    }
    return sizes;
}

/** Reads `key=value` arguments as configuration. @throws UserError with every argument that is not such a pair. */
export function settings(pairs: readonly string[]): Record<string, string> {
    const wrong = pairs.filter((pair) => !/^\w+=/.test(pair));
    if (wrong.length > 0) {
        throw new UserError(wrong.map((pair) => `--set: ${pair}: must be KEY=VALUE`).join("\n"));
    }
    return Object.fromEntries(
        pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    );
}
