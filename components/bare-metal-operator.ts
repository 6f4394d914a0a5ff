import * as pulumi from "@pulumi/pulumi";
import { agentIsoUrl } from "../plan/manifests/agent-iso";
import { unlabelledBmcSecrets } from "../plan/manifests/bmc-secrets";
import { BMO_PROBE, BMO_WEBHOOK_NAMES, bmoObjects } from "../plan/manifests/bmo";
import type { Manifest } from "../plan/manifests/documents";
import { ownerlessFirmwareSchemas } from "../plan/manifests/firmware-schemas";
import { controllerNodes, replacement } from "../plan/manifests/managers";
import { podPullSecrets } from "../plan/manifests/pull-secrets";
import { namingVersion } from "../plan/part-versions";
import { answering } from "./answering";
import type { Ironic } from "./ironic";
import { createObjects, type KubernetesObject } from "./kubernetes-object";
import type { LabContext } from "./lab-context";

/** Key of the operator's webhook certificate in the lab's PKI. */
export const BMO_CERTIFICATE = "baremetal-operator-webhook";

/** Names of that certificate. */
export const bmoCertificateNames = (): string[] => [...BMO_WEBHOOK_NAMES];

export interface BareMetalOperatorArgs extends LabContext {
    ironic: Ironic;
    /** Upstream's manifests, rendered by the toolchain. */
    manifests: readonly Manifest[];
}

/** The bare-metal operator with its CRDs and webhooks. Its certificate is issued by the lab's own CA. */
export class BareMetalOperator extends pulumi.ComponentResource {
    /** The operator's Deployment, for what needs its webhook. */
    readonly answering: pulumi.Input<pulumi.Resource>[];
    /** The other objects, CRDs among them. Controllers that watch BareMetalHosts do not start without these. */
    readonly definitions: KubernetesObject[];

    constructor(name: string, args: BareMetalOperatorArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:BareMetalOperator", name, {}, opts);
        const { plan, substrate } = args;
        const policies = [
            ...(plan.profile.firmwareSchemaOwners ? [] : ownerlessFirmwareSchemas()),
            ...(plan.profile.bmcSecretLabels ? [] : unlabelledBmcSecrets()),
        ];
        const version = args.images.version("bmo");
        const objects = operatorObjects(args).map((each) =>
            each.kind === "Deployment" ? namingVersion("bmo", version, each) : each,
        );
        const created = createObjects(name, [...objects, ...policies], {
            parent: this,
            provider: substrate.provider,
            dependsOn: substrate.ready,
        });
        this.definitions = created.before;
        this.answering = answering(created.last, {
            what: "the bare-metal operator's webhook to be reached",
            probe: BMO_PROBE,
            kubeconfig: substrate.kubeconfig,
        });
        this.registerOutputs({ objects: this.definitions.length + this.answering.length });
    }
}

/** Upstream's objects with the lab's image, certificate, address of Ironic and profile. */
function operatorObjects({ config, plan, images, pki, credentials, ironic, manifests }: BareMetalOperatorArgs) {
    const { profile } = plan;
    const webhook = pki.server(BMO_CERTIFICATE);
    return bmoObjects<pulumi.Input<string>>({
        manifests,
        image: images.reference("baremetal-operator"),
        ironic: {
            endpoint: ironic.endpoint,
            credentials: { username: credentials.ironic.username, password: credentials.ironic.password },
            caCertificate: pki.caCertificate,
        },
        agentIsoUrl: agentIsoUrl(plan.namespace, config),
        provisioningLimit: profile.provisioningLimit,
        concurrency: profile.bmoConcurrency,
        kubeApiQps: profile.kubeApiQps,
        kubeApiBurst: profile.kubeApiBurst,
        tuning: {
            env: profile.controllerEnvironment,
            ...replacement(profile),
            probeTimeoutSeconds: profile.probeTimeoutSeconds,
            args: profile.leaderElection ? {} : { "enable-leader-election": false },
            requests: cpuRequest(profile.controllerRequests.bmo),
            ...controllerNodes(config),
            ...podPullSecrets(config),
        },
        webhook: {
            certificate: { certificate: webhook.cert, privateKey: webhook.key },
            caCertificate: pki.caCertificate,
            caBundle: pki.caCertificate.apply((pem) => Buffer.from(pem).toString("base64")),
            ownChanges: profile.leaderElection,
        },
    });
}

const cpuRequest = (cpu: string | undefined): { cpu: string } | undefined => (cpu === undefined ? undefined : { cpu });
