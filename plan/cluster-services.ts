import { CLUSTER_PORTS } from "./addresses";
import type { FakeApiServerPlan, LabPlan } from "./plan";

/**
 * Ports of one block of clusters. A Service opens all ports of a block, used or not, so that one more cluster changes
 * no Service. The ports of a block are a function of its index.
 */
const PORTS_PER_SERVICE = 50;

/** The ports that one FKAS serves within one block of clusters. */
export interface ServiceBlock {
    /** Name of the Service. */
    name: string;
    server: FakeApiServerPlan;
    ports: number[];
}

const serviceName = (server: number, block: number): string => `fkas-${server}-${block}`;

const blockOf = (cluster: number): number => Math.floor(cluster / PORTS_PER_SERVICE);

/**
 * The Services of a lab: one for each block that holds a cluster and each FKAS that serves ports of the block. The
 * first block always exists, because clusters may also be created beside Pulumi.
 */
export function serviceBlocks(
    plan: Pick<LabPlan, "clusters" | "fakeApiServers" | "fakeApiServerOfPort">,
): ServiceBlock[] {
    const blocks = new Set([0, ...plan.clusters.map(({ index }) => blockOf(index))]);
    return [...blocks].flatMap((block) => {
        const first = CLUSTER_PORTS.first + block * PORTS_PER_SERVICE;
        const ports = Array.from({ length: PORTS_PER_SERVICE }, (_, offset) => first + offset);
        return plan.fakeApiServers
            .map((server) => ({
                name: serviceName(server.index, block),
                server,
                ports: ports.filter((port) => plan.fakeApiServerOfPort(port) === server.index),
            }))
            .filter((service) => service.ports.length > 0);
    });
}
