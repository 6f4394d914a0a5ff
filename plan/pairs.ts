/**
 * How many hosts each pair (sushy-tools + fake-ipa) serves when `nodesPerPair` is not set: few at first, so that a
 * small lab has several pairs, then ever more, because a pair takes ~125 MiB before its first host. sushy-tools under
 * gunicorn answers ~390 requests a second; a host makes ~60 from its registration to provisioned.
 */
const FIRST_RANGES = [2, 2, 4, 8, 16, 32, 64];
const FURTHER_RANGE = 128;

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
    const before = FIRST_RANGES.slice(0, index).reduce((sum, count) => sum + count, 0);
    const further = Math.max(0, index - FIRST_RANGES.length);
    return { first: before + further * FURTHER_RANGE, count: FIRST_RANGES[index] ?? FURTHER_RANGE };
}

/** Number of pairs that serve `nodes` hosts. */
export function pairCount(nodes: number, nodesPerPair?: number): number {
    let pairs = 0;
    while (pairRange(pairs, nodesPerPair).first < nodes) {
        pairs++;
    }
    return pairs;
}
