import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { CLUSTER_PORTS } from "../plan/addresses";
import type { ImageReferences } from "../plan/image-reference";
import type { ClusterPlan, FakeApiServerPlan, LabPlan } from "../plan/plan";
import { GO_RUNTIME_LARGE } from "../plan/profiles";

/**
 * Ports are opened in blocks, so that one more cluster changes no Service. A block's ports are a function of its index.
 */
const PORTS_PER_SERVICE = 50;

export interface FakeApiServersArgs {
    plan: LabPlan;
    images: ImageReferences;
    namespace: pulumi.Input<string>;
    /** Address at which the clusters' API servers are reached. */
    address: string;
    provider: kubernetes.Provider;
}

/** FKAS: one Deployment for each, and the Services through which workload clusters are reached. */
export class FakeApiServers extends pulumi.ComponentResource {
    private readonly deployments: kubernetes.apps.v1.Deployment[];
    /** By the port of each cluster that may be. */
    private readonly services = new Map<number, kubernetes.core.v1.Service>();

    constructor(name: string, args: FakeApiServersArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:FakeApiServers", name, {}, opts);
        const child = { parent: this, provider: args.provider };
        const { account, binding } = createAccount(name, args, child);
        this.deployments = args.plan.fakeApiServers.map((server) =>
            createDeployment(server, account, args, { ...child, dependsOn: [binding] }),
        );
        for (const block of serviceBlocks(args.plan)) {
            const service = createService(block, args, child);
            for (const port of block.ports) {
                this.services.set(port, service);
            }
        }
        this.registerOutputs({ count: this.deployments.length });
    }

    /** What a cluster needs of this, and no more: each name is in the state as often as there are clusters. */
    of(cluster: ClusterPlan): pulumi.Resource[] {
        const service = this.services.get(cluster.port);
        if (!service) {
            throw new Error(`${cluster.name} has port ${cluster.port}, which no Service opens`);
        }
        // The first one is who lets what is queued in. Not all of them, whose number grows with the clusters'.
        const deployments = [...new Set([0, cluster.fakeApiServer])].flatMap((index) => this.deployments[index] ?? []);
        return [...deployments, service];
    }
}

/** The ports of one FKAS within one block of clusters. */
export interface ServiceBlock {
    server: FakeApiServerPlan;
    block: number;
    ports: number[];
}

/**
 * Every block that holds a cluster, for each FKAS that serves one in it; all its ports, used or not. The first block is
 * always there: clusters may also be made beside Pulumi.
 */
export function serviceBlocks(plan: LabPlan): ServiceBlock[] {
    const blocks = new Set([0, ...plan.clusters.map(({ index }) => Math.floor(index / PORTS_PER_SERVICE))]);
    return [...blocks].flatMap((block) => {
        const first = CLUSTER_PORTS.first + block * PORTS_PER_SERVICE;
        const ports = Array.from({ length: PORTS_PER_SERVICE }, (_, offset) => first + offset);
        return plan.fakeApiServers
            .map((server) => ({
                server,
                block,
                ports: ports.filter((port) => plan.fakeApiServerOfPort(port) === server.index),
            }))
            .filter((service) => service.ports.length > 0);
    });
}

const selector = (server: FakeApiServerPlan) => ({
    "app.kubernetes.io/name": "fkas",
    "app.kubernetes.io/instance": server.name,
});

function createAccount(name: string, { namespace }: FakeApiServersArgs, opts: pulumi.CustomResourceOptions) {
    const account = new kubernetes.core.v1.ServiceAccount(
        `${name}-account`,
        { metadata: { name: "fkas", namespace } },
        opts,
    );
    const role = new kubernetes.rbac.v1.ClusterRole(
        `${name}-role`,
        {
            metadata: { name: "metal3-scale-lab-fkas" },
            rules: [
                // The patch lets a queued Cluster start.
                { apiGroups: ["cluster.x-k8s.io"], resources: ["clusters"], verbs: ["get", "list", "watch", "patch"] },
                // Orphaned Machines are deleted; the patch removes KCP's hook from those whose deletion KCP cannot finish.
                {
                    apiGroups: ["cluster.x-k8s.io"],
                    resources: ["machines"],
                    verbs: ["get", "list", "watch", "patch", "delete"],
                },
                { apiGroups: ["bootstrap.cluster.x-k8s.io"], resources: ["kubeadmconfigs"], verbs: ["get"] },
                {
                    apiGroups: ["infrastructure.cluster.x-k8s.io"],
                    resources: ["metal3clusters"],
                    verbs: ["get", "list", "watch"],
                },
                // The patch is the poke that makes CAPM3 look at once: for the Node, or for a host that has become free.
                {
                    apiGroups: ["infrastructure.cluster.x-k8s.io"],
                    resources: ["metal3machines"],
                    verbs: ["get", "list", "watch", "patch"],
                },
                // The patch lets a queued host in.
                { apiGroups: ["metal3.io"], resources: ["baremetalhosts"], verbs: ["get", "list", "watch", "patch"] },
                { apiGroups: [""], resources: ["secrets"], verbs: ["get", "list", "watch", "create"] },
                {
                    apiGroups: [""],
                    resources: ["configmaps"],
                    verbs: ["get", "list", "watch", "create", "update", "delete"],
                },
            ],
        },
        opts,
    );
    const binding = new kubernetes.rbac.v1.ClusterRoleBinding(
        `${name}-binding`,
        {
            metadata: { name: "metal3-scale-lab-fkas" },
            roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name },
            subjects: [{ kind: "ServiceAccount", name: account.metadata.name, namespace }],
        },
        opts,
    );
    return { account, binding };
}

function createDeployment(
    server: FakeApiServerPlan,
    account: kubernetes.core.v1.ServiceAccount,
    { plan, images, namespace }: FakeApiServersArgs,
    opts: pulumi.CustomResourceOptions,
): kubernetes.apps.v1.Deployment {
    return new kubernetes.apps.v1.Deployment(
        server.name,
        {
            metadata: { name: server.name, namespace },
            spec: {
                replicas: 1,
                // Two at once would serve the same clusters with different state.
                strategy: { type: "Recreate" },
                selector: { matchLabels: selector(server) },
                template: {
                    metadata: { labels: selector(server) },
                    spec: {
                        serviceAccountName: account.metadata.name,
                        terminationGracePeriodSeconds: 5,
                        containers: [
                            {
                                name: "fkas",
                                image: images.reference("fkas"),
                                imagePullPolicy: "IfNotPresent",
                                env: [
                                    { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
                                    {
                                        name: "POD_NAMESPACE",
                                        valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } },
                                    },
                                    // As the controllers (plan/sizes.ts): probes from four of them for each cluster, most of whose cost is waking threads; and a
                                    // connection of each is kept, which garbage collection goes through.
                                    { name: "GOMAXPROCS", value: GO_RUNTIME_LARGE.GOMAXPROCS },
                                    { name: "GOGC", value: GO_RUNTIME_LARGE.GOGC },
                                    { name: "FKAS_INDEX", value: String(server.index) },
                                    ...(server.hostsAtOnce === undefined
                                        ? []
                                        : [{ name: "FKAS_HOSTS_AT_ONCE", value: String(server.hostsAtOnce) }]),
                                    ...(plan.profile.precreateSecrets
                                        ? []
                                        : [{ name: "FKAS_PRECREATE_SECRETS", value: "false" }]),
                                ],
                                ports: [{ name: "register", containerPort: 3333 }],
                                readinessProbe: { httpGet: { path: "/readyz", port: 3333 }, periodSeconds: 5 },
                                livenessProbe: {
                                    httpGet: { path: "/healthz", port: 3333 },
                                    periodSeconds: 20,
                                    failureThreshold: 6,
                                    timeoutSeconds: 10,
                                },
                                resources: { requests: { cpu: "40m", memory: "64Mi" } },
                            },
                        ],
                    },
                },
            },
        },
        { ...opts, customTimeouts: { create: "5m", update: "5m" } },
    );
}

function createService(
    { server, block, ports }: ServiceBlock,
    args: FakeApiServersArgs,
    opts: pulumi.CustomResourceOptions,
): kubernetes.core.v1.Service {
    const name = `${server.name}-${block}`;
    return new kubernetes.core.v1.Service(
        name,
        {
            // It has no endpoint before the Deployment, which is made beside it.
            metadata: { name, namespace: args.namespace, annotations: { "pulumi.com/skipAwait": "true" } },
            spec: {
                selector: selector(server),
                publishNotReadyAddresses: true,
                externalIPs: [args.address],
                // Each cluster listens at the port that its controlPlaneEndpoint declares.
                ports: ports.map((port) => ({ name: `cluster-${port}`, port, targetPort: port })),
            },
        },
        opts,
    );
}
