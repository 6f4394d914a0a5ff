import { CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import type { NodeStatus } from "./evidence";
import { nodeStatus } from "./nodes";
import type { RequestLog } from "./request-log";

/** Longest time for a kubelet's answer, milliseconds. */
const LIMIT_MS = 1500;

/** The nodes, and what their pods use. */
export interface NodesLook {
    nodes: NodeStatus[];
    /** Cores that each pod uses as its kubelet last measured it, by namespace/name; empty where none was reached. */
    podCores: ReadonlyMap<string, number>;
}

/** The fields that are read of kubelet's Summary API. */
interface Summary {
    node?: { fs?: { availableBytes?: number; capacityBytes?: number } };
    pods?: { podRef?: { name?: string; namespace?: string }; cpu?: { usageNanoCores?: number } }[];
}

/** Reads the nodes, and asks each kubelet for its disk and its pods. */
export class NodeReader {
    private readonly core: CoreV1Api;

    constructor(
        config: KubeConfig,
        private readonly requests: RequestLog,
    ) {
        this.core = config.makeApiClient(CoreV1Api);
    }

    /**
     * @param isOurs tells the nodes that count: a cluster that is there may have others
     */
    async read(isOurs: (name: string) => boolean): Promise<NodesLook> {
        const { items } = await this.requests.count("nodes", () => this.core.listNode({ resourceVersion: "0" }));
        const found = items.map(nodeStatus).filter(({ name }) => isOurs(name));
        const summaries = await Promise.all(found.map(({ name }) => this.summary(name)));
        const podCores = new Map<string, number>();
        const nodes = found.map((node, index): NodeStatus => {
            const { node: own, pods = [] } = summaries[index] ?? {};
            for (const { podRef, cpu } of pods) {
                if (cpu?.usageNanoCores !== undefined) {
                    podCores.set(`${podRef?.namespace}/${podRef?.name}`, cpu.usageNanoCores / 1e9);
                }
            }
            const { availableBytes: available, capacityBytes: capacity } = own?.fs ?? {};
            return available === undefined || capacity === undefined
                ? node
                : { ...node, disk: { available, capacity } };
        });
        return { nodes, podCores };
    }

    /** A kubelet that is not reached, or that nobody may ask, leaves its figures out. */
    private async summary(name: string): Promise<Summary> {
        const request = this.requests.count("kubelet summaries", () =>
            this.core.connectGetNodeProxyWithPath({ name, path: "stats/summary" }),
        );
        const late = new Promise<string>((resolve) => setTimeout(() => resolve("{}"), LIMIT_MS).unref());
        const answer: unknown = await Promise.race([request.catch(() => "{}"), late]);
        try {
            return (typeof answer === "string" ? JSON.parse(answer) : answer) as Summary;
        } catch {
            return {};
        }
    }
}
