import { BARE_METAL_OPERATOR, PROVIDERS } from "../../plan/manifests/providers";
import type { LabPlan } from "../../plan/plan";
import { pairContainers, pairOf } from "../../tasks/wait-for-fleet/lab-parts";

/** A log that may have something to say of a host or a cluster. */
export type LogSource = {
    /** How its lines are marked. Of a Deployment with several pods each has its pod's name. */
    name: string;
} & (
    | { kind: "pods"; namespace: string; deployment: string; container: string }
    | { kind: "container"; container: string }
);

const pods = (name: string, namespace: string, deployment: string, container: string): LogSource => ({
    name,
    kind: "pods",
    namespace,
    deployment,
    container,
});

const fkas = ({ fakeApiServers, namespace }: Pick<LabPlan, "fakeApiServers" | "namespace">): LogSource[] =>
    fakeApiServers.map(({ name }) => pods(name, namespace, name, "fkas"));

/**
 * The logs of a host's way: the queue that releases it, BMO, every conductor, since a host may have moved from one to
 * another, and its pair. A host that the lab does not have in its plan has no pair.
 */
export function hostSources(plan: LabPlan, host: string): LogSource[] {
    const { namespace } = plan;
    const pair = pairOf(plan, host);
    const [sushyTools, fakeIpa] = pair === undefined ? [] : pairContainers(plan, pair);
    const ofPair = (name: string, program: string, container: string | undefined): LogSource =>
        container === undefined ? pods(name, namespace, pair ?? "", program) : { name, kind: "container", container };
    return [
        ...fkas(plan),
        pods("BMO", BARE_METAL_OPERATOR.namespace, BARE_METAL_OPERATOR.deployment, "manager"),
        ...plan.conductors
            .map(({ index }) => `ironic-conductor-${index}`)
            .map((name) => pods(name, namespace, name, "ironic")),
        ...(pair === undefined ? [] : [ofPair("BMC", "sushy-tools", sushyTools), ofPair("agent", "fake-ipa", fakeIpa)]),
    ];
}

/** The controllers by the names of their projects' parts. */
const CONTROLLERS: Record<(typeof PROVIDERS)[number]["key"], string> = {
    core: "Cluster API",
    bootstrap: "bootstrap",
    controlPlane: "control plane",
    infrastructure: "CAPM3",
    ipam: "IPAM",
};

/** The logs of a cluster's way: Cluster API's controllers, and FKAS. */
export const clusterSources = (plan: LabPlan): LogSource[] => [
    ...PROVIDERS.map(({ key, namespace, deployment }) => pods(CONTROLLERS[key], namespace, deployment, "manager")),
    ...fkas(plan),
];
