import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { npmRun } from "../plan/commands";
import type { Manifest } from "../plan/manifests/documents";
import { ironicNames } from "../plan/manifests/ironic-values";
import type { PairPlan } from "../plan/plan";
import type { PkiInput } from "../tasks/pki/input";
import { BareMetalOperator, BMO_CERTIFICATE, bmoCertificateNames } from "./bare-metal-operator";
import { ClusterApi } from "./cluster-api";
import type { LayerContext } from "./context";
import { Credentials } from "./credentials";
import { FakeApiServers } from "./fake-api-servers";
import { bmcCertificate } from "./fake-nodes/certificate";
import { KubernetesPair } from "./fake-nodes/kubernetes";
import type { FakeNodePair } from "./fake-nodes/pair";
import { BareMetalHosts } from "./hosts";
import { Ironic, IRONIC_CERTIFICATE } from "./ironic";
import { KubeconfigFile } from "./kubeconfig-file";
import type { LabContext } from "./lab-context";
import { LabPki } from "./lab-pki";
import { Observability } from "./observability";
import { SUBSTRATE_KINDS } from "./substrate/kinds";
import type { PairNeeds } from "./substrate/substrate";
import { vacatedHosts } from "./vacated-hosts";
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
        const { operatorManifests, ironicChart, ...context } = args;
        const { config, plan } = context;
        const here = { parent: this };

        const credentials = new Credentials("credentials", here);
        const pki = new LabPki("pki", { input: pkiInput(context) }, here);
        const substrate = SUBSTRATE_KINDS[plan.substrate.kind].create(context, pki, here);
        // Children inherit deletedWith: objects in the cluster go with it, without a delete each.
        const inCluster = { parent: this, ...(substrate.cluster && { deletedWith: substrate.cluster }) };
        const namespace = new kubernetes.core.v1.Namespace(
            "namespace",
            { metadata: { name: plan.namespace, ...(substrate.record && { annotations: substrate.record }) } },
            {
                ...inCluster,
                provider: substrate.provider,
                // The record stays that of whoever made the lab.
                ...(substrate.record && { ignoreChanges: ["metadata.annotations"] }),
            },
        );
        const lab: LabContext = { ...context, credentials, pki, substrate, namespace };

        const ironic = new Ironic("ironic", { ...lab, chart: ironicChart }, inCluster);
        const operator = new BareMetalOperator("bmo", { ...lab, ironic, manifests: operatorManifests }, inCluster);
        const pairNeeds = { ironicUrl: ironic.agentUrl, caCertificate: pki.caCertificate, bmc: credentials.bmc };
        const certificates = config.bmcProtocol === "https" ? pki : undefined;
        const pairs = plan.pairs.map((pair) => {
            const certificate = certificates && bmcCertificate({ pair, pki: certificates }, here);
            const needs = { ...pairNeeds, ...(certificate && { certificate }) };
            return createPair(pair, { ...lab, ...needs }, { here, inCluster });
        });
        const hosts = new BareMetalHosts("hosts", { ...lab, ironic, operator, pairs }, inCluster);
        const clusterApi = new ClusterApi("cluster-api", { ...lab, operator }, here);
        const fakeApiServers = new FakeApiServers("fkas", { ...lab, clusterApi }, inCluster);
        if (config.observability) {
            new Observability("observability", { ...lab, clusterApi }, inCluster);
        }
        const clusterNeeds = { ...lab, ironic, clusterApi, fakeApiServers, hosts };
        const clusters = new WorkloadClusters("clusters", clusterNeeds, inCluster);

        const after = [fakeApiServers, ...hosts.hosts];
        const vacated = vacatedHosts({ config, plan, kubeconfig: substrate.kubeconfig, after });
        const content = substrate.kubeconfig;
        const { path, written } = new KubeconfigFile("kubeconfig", { content, stack: pulumi.getStack() }, here);
        this.outputs = {
            kubeconfig: pulumi.secret(content),
            kubeconfigPath: written,
            ironicEndpoint: ironic.url,
            hosts: plan.hosts.length,
            clusters: plan.clusters.length,
            conductors: plan.conductors.length,
            pairs: plan.pairs.length,
            fakeApiServers: plan.fakeApiServers.length,
            fleet: fleetReached({ ...lab, pairs, ironicChart, hosts, clusters, vacated }),
            next: nextSteps(path, context, pulumi.getStack()),
        };
        this.registerOutputs({});
    }
}

/** A pair where the plan has it: beside the cluster on this machine, or in the cluster. */
function createPair(
    pair: PairPlan,
    args: LabContext & PairNeeds,
    opts: { here: pulumi.ComponentResourceOptions; inCluster: pulumi.ComponentResourceOptions },
): FakeNodePair {
    const { plan, substrate, namespace } = args;
    if (plan.reach.kind === "services") {
        const after = [namespace, ...substrate.ready];
        return new KubernetesPair(pair.name, { ...args, pair, provider: substrate.provider, after }, opts.inCluster);
    }
    if (substrate.createPair === undefined) {
        throw new Error(`the substrate ${plan.substrate.kind} has no place for pairs on this machine`);
    }
    return substrate.createPair(pair, args, opts.here);
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

/** Hosts that the example of growing adds. */
const MORE_HOSTS = 16;

/** What to type next. */
const nextSteps = (
    kubeconfig: string,
    { config, plan: { namespace, hosts, clusters } }: LayerContext,
    stack: string,
): string[] => [
    'eval "$(npm run -s env)"    # pulumi and kubectl on PATH',
    `kubectl --kubeconfig ${kubeconfig} -n ${namespace} get baremetalhosts,clusters`,
    ...clusters.slice(0, 1).map(({ name }) => npmRun("kubeconfig", stack, name)),
    ...(config.observability
        ? [`kubectl --kubeconfig ${kubeconfig} -n ${namespace} port-forward service/prometheus 9090`]
        : []),
    // With its name: Pulumi means the stack that is selected, which need not be this one.
    `pulumi config set nodes ${hosts.length + MORE_HOSTS} --stack ${stack} && pulumi up --stack ${stack}`,
    npmRun("down", stack),
];
