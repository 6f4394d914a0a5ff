import type { LabConfig } from "./config/keys";

/** On which nodes the lab's own pods run. */
export type Scheduling = Pick<LabConfig, "nodeSelector" | "tolerations">;

/**
 * The fields of a pod's specification that choose its node.
 * @param labels of the pods that are to be spread over the nodes
 */
export const scheduling = (nodes: Scheduling, labels: Record<string, string>): object => ({
    ...nodesOf(nodes),
    topologySpreadConstraints: [
        {
            maxSkew: 1,
            topologyKey: "kubernetes.io/hostname",
            whenUnsatisfiable: "ScheduleAnyway",
            labelSelector: { matchLabels: labels },
        },
    ],
});

/** The same without a spread. Empty where nothing is configured, so that other labs stay as they are. */
export const nodesOf = ({ nodeSelector, tolerations }: Scheduling): object => ({
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }),
    ...(tolerations.length === 0 ? {} : { tolerations }),
});
