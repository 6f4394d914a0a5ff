import { FIRST_PAIR_RANGES, FURTHER_PAIR_RANGE } from "./config/limits";

/** The fixed range of hosts that a pair serves, whatever the number of hosts. */
export interface HostRange {
    /** Index of the first host. */
    first: number;
    /** Number of hosts. */
    count: number;
}

/** Range of pair `index`: a function of the index alone, so that growing moves no host to another pair. */
export function pairRange(index: number, nodesPerPair?: number): HostRange {
    if (nodesPerPair !== undefined) {
        return { first: index * nodesPerPair, count: nodesPerPair };
    }
    const before = FIRST_PAIR_RANGES.slice(0, index).reduce((sum, count) => sum + count, 0);
    const further = Math.max(0, index - FIRST_PAIR_RANGES.length);
    return { first: before + further * FURTHER_PAIR_RANGE, count: FIRST_PAIR_RANGES[index] ?? FURTHER_PAIR_RANGE };
}

/** Number of pairs that serve `nodes` hosts. */
export function pairCount(nodes: number, nodesPerPair?: number): number {
    let pairs = 0;
    while (pairRange(pairs, nodesPerPair).first < nodes) {
        pairs++;
    }
    return pairs;
}
