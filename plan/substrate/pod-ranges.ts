import { addressAt, kubernetesNodeAddress, parseNetwork, type Network } from "../addresses";
import { MAX_EMBEDDED_WORKERS } from "../config/limits";

/** Workers share the second half of the pod network in so many equal parts: a power of two, for whole prefixes. */
const PARTS = 16;

/** Most pods of one node; Kubernetes' default is 110. */
const MOST_PODS = 500;

/** Addresses of a range that no pod gets: the first, the last, and that of the node's bridge. */
const TAKEN = 3;

/**
 * The part of the pod network from which the pods of a node have their addresses. The control plane (0) has the first
 * half, worker `index` a sixteenth of the second half. A function of the index alone: another number of workers moves
 * no pod, and each node knows the ways to all others before they are there.
 * @throws RangeError for an index that no node can have
 */
export function podRange(pods: Network, index: number): Network {
    if (!Number.isInteger(index) || index < 0 || index > MAX_EMBEDDED_WORKERS) {
        throw new RangeError(`there is no Kubernetes node ${index}`);
    }
    const half = pods.size / 2;
    const offset = index === 0 ? 0 : half + (index - 1) * (half / PARTS);
    const prefix = index === 0 ? pods.prefix + 1 : pods.prefix + 1 + Math.log2(PARTS);
    return parseNetwork(`${addressAt(pods, offset)}/${prefix}`);
}

/** Most pods of a node whose pods have their addresses from this range. */
export const mostPods = (range: Network): number => Math.min(MOST_PODS, range.size - TAKEN);

/** The ways from node `index` to the pods of all other nodes that there can be: their ranges, each with its node. */
export const podRoutes = (
    { pods, provisioning }: { pods: Network; provisioning: Network },
    index: number,
): { range: string; via: string }[] =>
    Array.from({ length: 1 + MAX_EMBEDDED_WORKERS }, (_, other) => other)
        .filter((other) => other !== index)
        .map((other) => ({ range: podRange(pods, other).cidr, via: kubernetesNodeAddress(provisioning, other) }));
