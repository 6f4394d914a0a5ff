/** One lab of a benchmark: how many hosts, how many workload clusters. */
export interface BenchSize {
    nodes: number;
    clusters: number;
}

export interface SizeOptions {
    /** Numbers of hosts. */
    nodes: readonly number[];
    /** Numbers of clusters, one for each number of hosts, or one for all. Default: as many as there are hosts for. */
    clusters?: readonly number[];
    /** Machines of each cluster. */
    machinesPerCluster: number;
}

/**
 * The labs to measure.
 * @throws Error naming every size that cannot be, before anything is made.
 */
export function benchSizes({ nodes, clusters, machinesPerCluster }: SizeOptions): BenchSize[] {
    const given = clusters ?? nodes.map((count) => Math.floor(count / machinesPerCluster));
    if (given.length !== 1 && given.length !== nodes.length) {
        throw new Error(
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
                `--clusters: ${size.clusters} clusters of ${machinesPerCluster} machines want ${size.clusters * machinesPerCluster} hosts, but there are ${size.nodes}`,
        );
    if (problems.length > 0) {
        throw new Error(problems.join("\n"));
    }
    return sizes;
}

/** `key=value` pairs of the command line as configuration. @throws Error naming each that is none. */
export function settings(pairs: readonly string[]): Record<string, string> {
    const wrong = pairs.filter((pair) => !/^\w+=/.test(pair));
    if (wrong.length > 0) {
        throw new Error(wrong.map((pair) => `--set: ${pair}: must be KEY=VALUE`).join("\n"));
    }
    return Object.fromEntries(
        pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    );
}
