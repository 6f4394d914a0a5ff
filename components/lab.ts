import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Manifest } from "../plan/manifests/documents";
import { ironicNames } from "../plan/manifests/ironic-values";
import type { PkiInput } from "../tasks/pki/input";
import { BareMetalOperator, BMO_CERTIFICATE, bmoCertificateNames } from "./bare-metal-operator";
import { ClusterApi } from "./cluster-api";
import type { LayerContext } from "./context";
import { Credentials } from "./credentials";
import { FakeApiServers } from "./fake-api-servers";
import { BareMetalHosts } from "./hosts";
import { Ironic, IRONIC_CERTIFICATE } from "./ironic";
import { KubeconfigFile } from "./kubeconfig-file";
import { LabPki } from "./lab-pki";
import { SUBSTRATE_KINDS } from "./substrate/kinds";
import { fleetReached } from "./wait-for-fleet";
import { WorkloadClusters } from "./workload-clusters";

/** Everything that is known before the first resource. */
export interface LabArgs extends LayerContext {
    /** The bare-metal operator's objects, as upstream has them. */
    operatorManifests: Manifest[];
    /** Ironic's objects, from charts/ironic. */
    ironicChart: Manifest[];
}

/** Days for which certificates are issued: longer than any lab lives. */
const CERTIFICATE_DAYS = 3650;

/** The whole lab, layer by layer. */
export class Lab extends pulumi.ComponentResource {
    readonly outputs: pulumi.Inputs;

    constructor(name: string, args: LabArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:Lab", name, {}, opts);
        const { config, plan, images, owner } = args;
        const context = { config, plan, images, owner };
        const kind = SUBSTRATE_KINDS[plan.substrate.kind];
        const here = { parent: this };

        const credentials = new Credentials("credentials", here);
        const pki = new LabPki("pki", { input: pkiInput(context) }, here);
        const substrate = kind.create(context, pki, here);
        const { provider, ready, kubeconfig } = substrate;
        // Children inherit deletedWith: objects in the cluster go with it, without a delete each.
        const inCluster = { parent: this, deletedWith: substrate.cluster };
        const namespace = new kubernetes.core.v1.Namespace(
            "namespace",
            { metadata: { name: plan.namespace } },
            { ...inCluster, provider },
        );
        const afterNamespace = { ...inCluster, dependsOn: [namespace] };

        const ironic = new Ironic(
            "ironic",
            { ...context, substrate, credentials, pki, chart: args.ironicChart },
            afterNamespace,
        );
        const { endpoint: ironicEndpoint, agentUrl: ironicUrl, osImage } = ironic;
        const manifests = args.operatorManifests;
        const operator = new BareMetalOperator(
            "bmo",
            { ...context, pki, credentials, ironicEndpoint, manifests, provider, dependsOn: ready },
            inCluster,
        );
        const pairNeeds = { ironicUrl, caCertificate: pki.caCertificate };
        const pairs = plan.pairs.map((pair) => substrate.createPair(pair, pairNeeds, here));
        const hosts = new BareMetalHosts(
            "hosts",
            {
                ...context,
                bmc: credentials.bmc,
                provider,
                // Ironic, too: without it a host can be created, but not deleted.
                dependsOn: (host) => [
                    ...ironic.dependenciesOf(host),
                    ...operator.deployment,
                    ...(pairs[host.pair]?.resources ?? []),
                ],
                secretsDependOn: [namespace],
            },
            inCluster,
        );
        const clusterApi = new ClusterApi(
            "cluster-api",
            { ...context, pki, kubeconfig, dependsOn: [...ready, ...operator.definitions] },
            here,
        );
        const fakeApiServers = new FakeApiServers(
            "fkas",
            { ...context, namespace: plan.namespace, address: plan.substrate.serviceAddress, provider },
            { ...inCluster, dependsOn: [namespace, clusterApi] },
        );
        const clusters = new WorkloadClusters(
            "clusters",
            {
                ...context,
                osImage,
                provider,
                dependsOn: [namespace, clusterApi],
                dependenciesOf: (cluster) => [...fakeApiServers.of(cluster), ...hosts.ofCluster(cluster)],
            },
            inCluster,
        );

        const { path: kubeconfigPath } = new KubeconfigFile(
            "kubeconfig",
            { content: kubeconfig, stack: pulumi.getStack() },
            here,
        );
        const containers = [...substrate.containers, ...pairs.flatMap((pair) => pair.containers)];
        const after = [...hosts.hosts, ...clusters.clusters];
        this.outputs = {
            kubeconfig: pulumi.secret(kubeconfig),
            kubeconfigPath,
            ironicEndpoint: ironicUrl,
            hosts: plan.hosts.length,
            clusters: plan.clusters.length,
            conductors: plan.conductors.length,
            pairs: plan.pairs.length,
            fakeApiServers: plan.fakeApiServers.length,
            fleet: fleetReached({ config, plan, kubeconfig, ironicChart: args.ironicChart, containers, after }),
            next: nextSteps(kubeconfigPath, plan.namespace),
        };
        this.registerOutputs({});
    }
}

/** The certificates that the lab needs. */
function pkiInput(context: LayerContext): PkiInput {
    const { plan } = context;
    const kubernetesPki = SUBSTRATE_KINDS[plan.substrate.kind].certificates(context);
    return {
        name: plan.prefix,
        validityDays: CERTIFICATE_DAYS,
        ...(kubernetesPki === undefined ? {} : { kubernetes: kubernetesPki }),
        servers: {
            [IRONIC_CERTIFICATE]: { names: ironicNames(plan), keyType: "ecdsa" },
            [BMO_CERTIFICATE]: { names: bmoCertificateNames(), keyType: "ecdsa" },
        },
    };
}

/** What to type next. */
const nextSteps = (kubeconfig: string, namespace: string): string[] => [
    'eval "$(npm run -s env)"    # pulumi and kubectl on PATH',
    `kubectl --kubeconfig ${kubeconfig} -n ${namespace} get baremetalhosts,clusters`,
    "npm run kubeconfig -- cluster-0000",
    "pulumi config set nodes 20 && pulumi up",
    "pulumi destroy",
];
