import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { serviceBlocks, type ServiceBlock } from "../plan/cluster-services";
import { FAKE_IPA_PORT } from "../plan/identities";
import { FAKE_API_SERVER_LABEL, NODE_ADDRESS_CLASS } from "../plan/manifests/cluster-objects";
import { podPullSecrets } from "../plan/manifests/pull-secrets";
import type { ClusterPlan, FakeApiServerPlan, LabPlan } from "../plan/plan";
import { GO_RUNTIME_LARGE } from "../plan/profiles";
import { nodesOf } from "../plan/scheduling";
import type { ClusterApi } from "./cluster-api";
import { createAccess } from "./fake-api-servers-access";
import type { LabContext } from "./lab-context";

export interface FakeApiServersArgs extends LabContext {
    clusterApi: ClusterApi;
}

/** A Deployment for each FKAS, and the Services through which the workload clusters are reached. */
export class FakeApiServers extends pulumi.ComponentResource {
    private readonly deployments: kubernetes.apps.v1.Deployment[];
    /** The Service that opens a port, by port. */
    private readonly services = new Map<number, kubernetes.core.v1.Service>();
    /** Address at which all of them are reached, where the substrate has one. */
    private readonly serviceAddress: string | undefined;

    constructor(name: string, args: FakeApiServersArgs, opts?: pulumi.ComponentResourceOptions) {
        // FKAS watches Cluster API's objects, so it starts after their definitions exist.
        super("metal3lab:index:FakeApiServers", name, {}, { ...opts, dependsOn: [args.namespace, args.clusterApi] });
        const child = { parent: this, provider: args.substrate.provider };
        const { plan } = args;
        this.serviceAddress = plan.substrate.serviceAddress;
        const { account, bindings } = createAccess(
            name,
            {
                namespace: plan.namespace,
                precreateSecrets: plan.profile.precreateSecrets,
                releasesHosts: plan.fakeApiServers.some(({ hostsAtOnce }) => hostsAtOnce !== undefined),
                publishesAddress: this.serviceAddress !== undefined,
            },
            child,
        );
        this.deployments = plan.fakeApiServers.map((server) =>
            createDeployment(server, account, args, { ...child, dependsOn: bindings }),
        );
        for (const block of serviceBlocks(plan)) {
            const service = createService(block, plan, child);
            for (const port of block.ports) {
                this.services.set(port, service);
            }
        }
        this.registerOutputs({ count: this.deployments.length });
    }

    /**
     * The resources that a cluster depends on. Every cluster repeats them in Pulumi's state, so they are as few as
     * possible.
     */
    of(cluster: ClusterPlan): pulumi.Resource[] {
        const service = this.serviceOf(cluster);
        // Instance 0 runs the host queue and assigns hosts. Depend on it and on the instance that serves this cluster,
        // not on all of them: that list would change as the lab grows.
        const deployments = [...new Set([0, cluster.fakeApiServer])].flatMap((index) => this.deployments[index] ?? []);
        return [...deployments, service];
    }

    /**
     * The address of a cluster's API server. It has to be an IP address, because the certificate of FKAS covers no
     * name. Where Services are reached from within the cluster alone, it is the Service's own, known once it is made.
     */
    hostOf(cluster: ClusterPlan): pulumi.Input<string> {
        return this.serviceAddress ?? this.serviceOf(cluster).spec.clusterIP;
    }

    /** @throws Error when no Service opens the cluster's port */
    private serviceOf(cluster: ClusterPlan): kubernetes.core.v1.Service {
        const service = this.services.get(cluster.port);
        if (!service) {
            throw new Error(`${cluster.name} has port ${cluster.port}, which no Service opens`);
        }
        return service;
    }
}

const selector = (server: FakeApiServerPlan) => ({
    "app.kubernetes.io/name": "fkas",
    "app.kubernetes.io/instance": server.name,
});

/** A probe of whether FKAS is alive, for which a busy one has time. */
const ALIVE = { httpGet: { path: "/healthz", port: 3333 }, failureThreshold: 6, timeoutSeconds: 10 };

function createDeployment(
    server: FakeApiServerPlan,
    account: kubernetes.core.v1.ServiceAccount,
    { config, plan, images }: FakeApiServersArgs,
    opts: pulumi.CustomResourceOptions,
): kubernetes.apps.v1.Deployment {
    return new kubernetes.apps.v1.Deployment(
        server.name,
        {
            metadata: { name: server.name, namespace: plan.namespace },
            spec: {
                replicas: 1,
                // Two Pods of one FKAS at the same time would serve the same clusters, each with its own state.
                strategy: { type: "Recreate" },
                selector: { matchLabels: selector(server) },
                template: {
                    metadata: { labels: selector(server) },
                    spec: {
                        ...nodesOf(config),
                        serviceAccountName: account.metadata.name,
                        terminationGracePeriodSeconds: 5,
                        ...podPullSecrets(config),
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
                                    // As for the controllers of a large lab, in labs of any size and with either
                                    // profile: FKAS has no counterpart upstream. Four controllers probe each cluster,
                                    // and most of a probe's cost is waking threads. Each also keeps a connection to
                                    // each cluster, and garbage collection visits all of them.
                                    { name: "GOMAXPROCS", value: GO_RUNTIME_LARGE.GOMAXPROCS },
                                    { name: "GOGC", value: GO_RUNTIME_LARGE.GOGC },
                                    { name: "FKAS_INDEX", value: String(server.index) },
                                    { name: "FKAS_FAKE_IPA_PORT", value: String(FAKE_IPA_PORT) },
                                    { name: "FKAS_FAKE_IPA_OFFSET", value: String(plan.reach.fakeIpaOffset) },
                                    ...(server.hostsAtOnce === undefined
                                        ? []
                                        : [{ name: "FKAS_HOSTS_AT_ONCE", value: String(server.hostsAtOnce) }]),
                                    ...(plan.substrate.serviceAddress === undefined
                                        ? []
                                        : [{ name: "FKAS_SERVICE_ADDRESS", value: plan.substrate.serviceAddress }]),
                                    ...(server.rolloutsAtOnce === undefined
                                        ? []
                                        : [{ name: "FKAS_ROLLOUTS_AT_ONCE", value: String(server.rolloutsAtOnce) }]),
                                    ...(server.assignsHosts ? [{ name: "FKAS_ASSIGN_HOSTS", value: "true" }] : []),
                                    ...(plan.profile.precreateSecrets
                                        ? []
                                        : [{ name: "FKAS_PRECREATE_SECRETS", value: "false" }]),
                                ],
                                ports: [{ name: "register", containerPort: 3333 }],
                                // From its start on: a restarted FKAS is reached for those clusters that it serves
                                // already. A busy one stays ready as long as it is alive: it serves all clusters.
                                startupProbe: { ...ALIVE, periodSeconds: 1, failureThreshold: 120 },
                                readinessProbe: { ...ALIVE, periodSeconds: 5 },
                                livenessProbe: { ...ALIVE, periodSeconds: 20 },
                                resources: { requests: { cpu: "40m", memory: "128Mi" } },
                            },
                        ],
                    },
                },
            },
        },
        { ...opts, customTimeouts: { create: "5m", update: "5m" } },
    );
}

/** Type of a Service that is reached at an address of a node. Node ports would be too few for a thousand clusters. */
const NODE_ADDRESS = {
    type: "LoadBalancer",
    loadBalancerClass: NODE_ADDRESS_CLASS,
    allocateLoadBalancerNodePorts: false,
};

function createService(
    { name, server, ports }: ServiceBlock,
    { namespace, substrate }: LabPlan,
    opts: pulumi.CustomResourceOptions,
): kubernetes.core.v1.Service {
    return new kubernetes.core.v1.Service(
        name,
        {
            // The Service has no endpoint before the Deployment is ready, which is created beside it.
            metadata: {
                name,
                namespace,
                annotations: { "pulumi.com/skipAwait": "true" },
                // FKAS finds by it which of them serves the Cluster of a user.
                labels: { [FAKE_API_SERVER_LABEL]: String(server.index) },
            },
            spec: {
                selector: selector(server),
                // FKAS writes the address into the status, and kube-proxy opens the Service there.
                ...(substrate.serviceAddress === undefined ? {} : NODE_ADDRESS),
                // Each cluster listens at the port that its controlPlaneEndpoint declares.
                ports: ports.map((port) => ({ name: `cluster-${port}`, port, targetPort: port })),
            },
        },
        opts,
    );
}
