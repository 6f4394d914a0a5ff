import * as docker from "@pulumi/docker";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { addressAt, parseNetwork } from "../plan/addresses";
import type { Images } from "../prepare/images";
import { NAMESPACE, type Prepared } from "../prepare/prepare";
import type { PkiInput } from "../tasks/pki/input";
import { BareMetalOperator, BMO_CERTIFICATE, bmoCertificateNames } from "./bare-metal-operator";
import { ClusterApi } from "./cluster-api";
import { Credentials } from "./credentials";
import { FakeApiServers } from "./fake-api-servers";
import { FakeNodePair } from "./fake-nodes/docker";
import { BareMetalHosts } from "./hosts";
import { Ironic, IRONIC_CERTIFICATE, ironicNames } from "./ironic";
import { KubeconfigFile } from "./kubeconfig-file";
import { LabPki } from "./lab-pki";
import { ClusterDns } from "./substrate/embedded/cluster-dns";
import { EmbeddedKubernetes } from "./substrate/embedded/embedded-kubernetes";
import { NodeStorage, STORAGE_CLASS } from "./substrate/embedded/node-storage";
import type { Substrate } from "./substrate/substrate";
import { fleetReached } from "./wait-for-fleet";
import { WorkloadClusters } from "./workload-clusters";

/** The whole lab, layer by layer. */
export class Lab extends pulumi.ComponentResource {
    readonly outputs: pulumi.Inputs;
    private readonly prepared: Prepared;
    private readonly images: Images;

    constructor(name: string, prepared: Prepared, opts?: pulumi.ComponentResourceOptions) {
        const whole: { cluster?: pulumi.Resource } = {};
        super("metal3lab:index:Lab", name, {}, { ...opts, transformations: [deleteWithCluster(whole)] });
        const { config, plan } = prepared;
        this.prepared = prepared;
        this.images = prepared.images;

        const credentials = new Credentials("credentials", { parent: this });
        const pki = this.createPki();
        const dockerProvider = new docker.Provider("docker", {}, { parent: this });
        const substrate = this.createEmbedded(pki, dockerProvider, whole);
        const { provider } = substrate;
        const namespace = new kubernetes.core.v1.Namespace(
            "namespace",
            { metadata: { name: NAMESPACE } },
            { parent: this, provider },
        );

        const ironic = new Ironic(
            "ironic",
            {
                plan,
                images: this.images,
                substrate,
                credentials,
                pki,
                namespace: NAMESPACE,
                chart: prepared.ironicChart,
            },
            { parent: this, dependsOn: [namespace] },
        );
        const operator = new BareMetalOperator(
            "bmo",
            {
                plan,
                images: this.images,
                pki,
                credentials,
                ironicEndpoint: ironic.endpoint,
                manifests: prepared.operatorManifests,
                provider,
                dependsOn: substrate.ready,
            },
            { parent: this },
        );
        const pairs = plan.pairs.map(
            (pair) =>
                new FakeNodePair(
                    pair.name,
                    pair,
                    {
                        config,
                        plan,
                        images: this.images,
                        networkName: substrate.networkName,
                        ironicUrl: ironic.agentUrl,
                        caCertificate: pki.caCertificate,
                        dockerProvider,
                    },
                    { parent: this },
                ),
        );
        const hosts = new BareMetalHosts(
            "hosts",
            {
                config,
                plan,
                namespace: NAMESPACE,
                bmc: credentials.bmc,
                provider,
                // Ironic, too: while it is away a host can be made, but not let go of.
                dependsOn: (host) => [
                    ...ironic.of(host),
                    ...operator.deployment,
                    ...(pairs[host.pair]?.containers ?? []),
                ],
                secretsDependOn: [namespace],
            },
            { parent: this },
        );
        const clusterApi = new ClusterApi(
            "cluster-api",
            {
                plan,
                images: this.images,
                pki,
                kubeconfig: substrate.kubeconfig,
                dependsOn: [...substrate.ready, ...operator.definitions],
            },
            { parent: this },
        );
        const fakeApiServers = new FakeApiServers(
            "fkas",
            { plan, images: this.images, namespace: NAMESPACE, address: substrate.serviceAddress, provider },
            { parent: this, dependsOn: [namespace, clusterApi] },
        );
        const clusters = new WorkloadClusters(
            "clusters",
            {
                config,
                plan,
                namespace: NAMESPACE,
                osImage: ironic.osImage,
                address: substrate.serviceAddress,
                provider,
                dependsOn: [namespace, clusterApi],
                foundations: (cluster) => [
                    ...fakeApiServers.of(cluster),
                    ...hosts.hosts.slice(
                        cluster.index * plan.hostsPerCluster,
                        (cluster.index + 1) * plan.hostsPerCluster,
                    ),
                ],
            },
            { parent: this },
        );
        const kubeconfigFile = new KubeconfigFile(
            "kubeconfig",
            { content: substrate.kubeconfig, stack: pulumi.getStack() },
            { parent: this },
        );

        this.outputs = {
            kubeconfig: pulumi.secret(substrate.kubeconfig),
            kubeconfigPath: kubeconfigFile.path,
            ironicEndpoint: ironic.agentUrl,
            hosts: plan.hosts.length,
            clusters: plan.clusters.length,
            conductors: plan.conductors.length,
            pairs: plan.pairs.length,
            fakeApiServers: plan.fakeApiServers.length,
            fleet: fleetReached({
                config,
                plan,
                namespace: NAMESPACE,
                kubeconfig: substrate.kubeconfig,
                ironicChart: prepared.ironicChart,
                containers: [plan.nodeName, ...pairs.flatMap(({ containers }) => containers.map(({ name }) => name))],
                after: [...hosts.hosts, ...clusters.clusters],
            }),
            next: nextSteps(kubeconfigFile.path),
        };
        this.registerOutputs({});
    }

    private createPki(): LabPki {
        const { config, plan } = this.prepared;
        const apiServerNames = [
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
            addressAt(parseNetwork(config.serviceCidr), 1),
            plan.nodeAddress,
            "127.0.0.1",
            "localhost",
        ];
        const input: PkiInput = {
            name: plan.prefix,
            validityDays: 3650,
            kubernetes: { apiServerNames, nodes: { [plan.nodeName]: [plan.nodeName, plan.nodeAddress] } },
            servers: {
                [IRONIC_CERTIFICATE]: { names: ironicNames(plan, NAMESPACE), keyType: "ecdsa" },
                [BMO_CERTIFICATE]: { names: bmoCertificateNames(), keyType: "ecdsa" },
            },
        };
        return new LabPki(
            "pki",
            { input, nodeName: plan.nodeName, apiUrl: `https://127.0.0.1:${plan.apiPort}` },
            { parent: this },
        );
    }

    private createEmbedded(
        pki: LabPki,
        dockerProvider: docker.Provider,
        whole: { cluster?: pulumi.Resource },
    ): Substrate {
        const { config, plan } = this.prepared;
        const embedded = new EmbeddedKubernetes(
            "kubernetes",
            { config, plan, images: this.images, pki, dockerProvider },
            { parent: this },
        );
        const { provider } = embedded;
        whole.cluster = embedded.cluster;
        const dns = new ClusterDns(
            "dns",
            { images: this.images, clusterIp: plan.clusterDns, provider },
            { parent: this, dependsOn: [embedded.loadedImages] },
        );
        const storage = new NodeStorage("storage", { nodeName: plan.nodeName, provider }, { parent: this });
        return embedded.asSubstrate(plan, STORAGE_CLASS, [dns, ...storage.volumes]);
    }
}

/** Objects inside the cluster need no delete of their own when the whole cluster goes: neither its API nor any controller has to live for it. */
const deleteWithCluster =
    (whole: { cluster?: pulumi.Resource }): pulumi.ResourceTransformation =>
    ({ type, props, opts }) =>
        whole.cluster && type.startsWith("kubernetes:")
            ? { props, opts: { ...opts, deletedWith: whole.cluster } }
            : undefined;

/** What to type next. */
const nextSteps = (kubeconfig: string): string[] => [
    'eval "$(npm run -s env)"    # pulumi and kubectl on PATH',
    `kubectl --kubeconfig ${kubeconfig} -n ${NAMESPACE} get baremetalhosts,clusters`,
    "npm run kubeconfig -- cluster-0000",
    "pulumi config set nodes 20 && pulumi up",
    "pulumi destroy",
];
