import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { BMO_WEBHOOK_NAMES, bmoObjects } from "../plan/manifests/bmo";
import type { Manifest } from "../plan/manifests/documents";
import { ownerlessFirmwareSchemas } from "../plan/manifests/firmware-schemas";
import { WEBHOOK_DRAIN_SECONDS } from "../plan/manifests/managers";
import type { LabPlan } from "../plan/plan";
import type { Images } from "../prepare/images";
import type { Credentials } from "./credentials";
import { createObjects, type KubernetesObject } from "./kubernetes-object";
import type { LabPki } from "./lab-pki";

/** Key of the operator's webhook certificate in the lab's PKI. */
export const BMO_CERTIFICATE = "baremetal-operator-webhook";
export const bmoCertificateNames = (): string[] => [...BMO_WEBHOOK_NAMES];

export interface BareMetalOperatorArgs {
    plan: LabPlan;
    images: Images;
    pki: LabPki;
    credentials: Credentials;
    ironicEndpoint: string;
    /** Upstream's manifests, rendered by the toolchain. */
    manifests: readonly Manifest[];
    provider: kubernetes.Provider;
    /** What its pods need. */
    dependsOn: pulumi.Resource[];
}

/** The bare-metal operator with its CRDs and webhooks, its certificate from the lab's own CA. */
export class BareMetalOperator extends pulumi.ComponentResource {
    /** The operator answers once these are there. */
    readonly deployment: KubernetesObject[];
    /** CRDs among others, without which nothing that watches hosts starts. */
    readonly definitions: KubernetesObject[];

    constructor(name: string, args: BareMetalOperatorArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:BareMetalOperator", name, {}, opts);
        const { plan, pki, credentials } = args;
        const { env, requests, leaderElection, probeTimeoutSeconds, firmwareSchemaOwners, ...sizes } = plan.controllers;
        const webhook = pki.server(BMO_CERTIFICATE);
        const manifests = bmoObjects<pulumi.Input<string>>({
            manifests: args.manifests,
            image: args.images.reference("baremetal-operator"),
            ironic: {
                endpoint: args.ironicEndpoint,
                credentials: { username: credentials.ironic.username, password: credentials.ironic.password },
                caCertificate: pki.caCertificate,
            },
            ...sizes,
            tuning: {
                env,
                drainSeconds: WEBHOOK_DRAIN_SECONDS,
                ...(probeTimeoutSeconds === undefined ? {} : { probeTimeoutSeconds }),
                args: leaderElection ? {} : { "enable-leader-election": false },
                ...(requests.bmo === undefined ? {} : { requests: { cpu: requests.bmo } }),
            },
            webhook: {
                certificate: { certificate: webhook.cert, privateKey: webhook.key },
                caCertificate: pki.caCertificate,
                caBundle: pki.caCertificate.apply((pem) => Buffer.from(pem).toString("base64")),
            },
        });
        const policies = firmwareSchemaOwners ? [] : ownerlessFirmwareSchemas();
        const created = createObjects(name, [...manifests, ...policies], {
            parent: this,
            provider: args.provider,
            dependsOn: args.dependsOn,
        });
        this.definitions = created.before;
        this.deployment = created.last;
        this.registerOutputs({ objects: this.definitions.length + this.deployment.length });
    }
}
