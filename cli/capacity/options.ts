import { UserError } from "../../plan/user-error";
import type { LabPlace } from "../bench/lab";
import { readLimits } from "../report";
import type { Limit } from "../report/limits/limit";
import { parseLimits } from "../report/limits/parse";
import type { SearchPlan } from "./search";

/** Options of `npm run capacity`. */
export interface CapacityOptions {
    stack: string;
    /** Operations of Pulumi side by side. */
    parallel: number;
    /** 0: hosts alone. Default: as many clusters as the hosts suffice for. */
    clusters?: number;
    /** First number of hosts. */
    start: number;
    /** Largest number of hosts. */
    most: number;
    /** How closely is searched, percent. */
    precision: number;
    /** Longest time for all, minutes. */
    limit: number;
    /** Further configuration of the labs, as KEY=VALUE. */
    set: string[];
    /** File of figures, from the top of the checkout. */
    out: string;
    /** File of limits that each rung is held against. */
    thresholds?: string;
}

/**
 * What must hold where no limits are given. On two cores kube-apiserver's own objectives are not met by a hundred
 * hosts, so these are the limits beyond which controllers give up, and three times what 1000/1000 was seen to take
 * (docs/measurements/2026-11-22-1000-hosts.md).
 */
const DEFAULT_LIMITS = {
    always: ["failed = 0", "hosts.available.p95 < 10min", "apiserver.mutating.p99 < 10s", "ironic.list.p95 < 10s"],
    withClusters: ["clusters.available.p95 < 6min"],
};

/** The limits that each rung is held against. @throws UserError with what is wrong in the file */
export async function limitsOf({ thresholds, clusters }: CapacityOptions): Promise<Limit[]> {
    const own = [...DEFAULT_LIMITS.always, ...(clusters === 0 ? [] : DEFAULT_LIMITS.withClusters)];
    const text = own.map((each) => `- ${each}\n`).join("");
    return thresholds === undefined ? parseLimits(text, "default limits") : readLimits(thresholds);
}

/**
 * Between which sizes is searched.
 * @throws UserError with each option that contradicts another one, before anything is made
 */
export function searchPlan(
    { start, most, precision, clusters }: CapacityOptions,
    given: Readonly<Record<string, string>>,
    { isHere }: Pick<LabPlace, "isHere">,
): SearchPlan {
    const problems = [
        ...(start > most ? [`--start: ${start}: must be at most --most (${most})`] : []),
        ...(clusters !== undefined && clusters > 0
            ? [`--clusters: ${clusters}: must be 0, or not given: then there are as many as the hosts suffice for`]
            : []),
        ...["nodes", "clusters", "wait", "waitTimeout"]
            .filter((key) => key in given)
            .map((key) => `--set: ${key}=${given[key]}: must not be given: the search decides it`),
        ...(isHere ? [] : ["--set: substrate=existing: must be another one: its machines are not looked at"]),
    ];
    if (problems.length > 0) {
        throw new UserError(problems.join("\n"));
    }
    return { start, most, precision: precision / 100 };
}
