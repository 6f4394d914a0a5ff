import type { LabPlan } from "../../plan";
import type { Manifest } from "../documents";
import { MANAGERS, metricsService } from "./scrape";

/** Name of the ServiceAccount of Prometheus, and of its other objects in the namespace of the lab. */
export const PROMETHEUS = "prometheus";
/** Name of its role in the whole cluster, and of the binding. */
const CLUSTER_WIDE = "metal3-scale-lab-prometheus";

const RBAC = "rbac.authorization.k8s.io";

/**
 * The rights of Prometheus: to read metrics, and nothing else.
 * @param ownNodes whether the nodes are the lab's own, so that kubelets are asked as well
 */
export const accessObjects = (namespace: string, ownNodes: boolean): Manifest[] => [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: PROMETHEUS, namespace } },
    {
        apiVersion: `${RBAC}/v1`,
        kind: "ClusterRole",
        metadata: { name: CLUSTER_WIDE },
        rules: [
            { nonResourceURLs: ["/metrics"], verbs: ["get"] },
            ...(ownNodes ? [{ apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] }] : []),
        ],
    },
    {
        apiVersion: `${RBAC}/v1`,
        kind: "ClusterRoleBinding",
        metadata: { name: CLUSTER_WIDE },
        roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: CLUSTER_WIDE },
        subjects: [{ kind: "ServiceAccount", name: PROMETHEUS, namespace }],
    },
];

/**
 * A name for the metrics of each controller. It leads to the pod itself: Prometheus looks it up at each connection, and
 * so needs no right to look for pods.
 */
export function metricsServices({ namespace, fakeApiServers }: LabPlan): Manifest[] {
    const service = (part: string, place: string, selector: Record<string, string>): Manifest => ({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: metricsService(part), namespace: place },
        spec: { clusterIP: "None", selector, publishNotReadyAddresses: true },
    });
    return [
        ...Object.entries(MANAGERS).map(([part, place]) =>
            service(part, place, { "control-plane": "controller-manager" }),
        ),
        ...fakeApiServers.map(({ name }) =>
            service(name, namespace, { "app.kubernetes.io/name": "fkas", "app.kubernetes.io/instance": name }),
        ),
    ];
}
