import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Credentials } from "./credentials";
import { referenceParts, type Images } from "./images";
import { createObjects, type KubernetesObject } from "./kubernetes-object";
import type { LabPki } from "./lab-pki";
import type { Manifest } from "./manifests/documents";
import type { MachineImage } from "./plan/cluster-objects";
import { OS_IMAGE, osImage } from "./plan/os-image";
import { allConductorAddresses } from "./plan/addresses";
import type { LabPlan } from "./plan/plan";
import type { Substrate } from "./substrate/substrate";

export interface IronicArgs {
    plan: LabPlan;
    images: Images;
    substrate: Substrate;
    credentials: Credentials;
    pki: LabPki;
    namespace: string;
    /** charts/ironic, rendered with `ironicValues`. */
    chart: readonly Manifest[];
}

/** What decides the chart's values. */
export interface IronicValuesArgs {
    plan: LabPlan;
    images: Images;
    storageClass: string;
    serviceAddress: string;
}

const API_PORT = 6385;
const CREDENTIALS_SECRET = "ironic-credentials";
const TLS_SECRET = "ironic-tls";

/** Key of Ironic's certificate in the lab's PKI. */
export const IRONIC_CERTIFICATE = "ironic";

/**
 * Names of Ironic's certificate: its Service's, the address on the provisioning network, and every address a conductor
 * may ever have, so that a new one needs no new certificate.
 */
export const ironicNames = (plan: LabPlan, namespace: string): string[] => [
    "ironic",
    `ironic.${namespace}`,
    `ironic.${namespace}.svc`,
    `ironic.${namespace}.svc.cluster.local`,
    "127.0.0.1",
    plan.nodeAddress,
    ...allConductorAddresses(plan.network),
];

/** Ironic from charts/ironic: MariaDB, a conductor for each provisioning IP, one API in front of them, the image server. */
export class Ironic extends pulumi.ComponentResource {
    /** The chart's Deployments, which are made after all its other objects. */
    readonly ready: KubernetesObject[];
    /** API for clients in the cluster, with its version. */
    readonly endpoint: string;
    /** Base URL of the API for agents on the provisioning network. */
    readonly agentUrl: string;
    /** The OS image of workload clusters' machines. */
    readonly osImage: MachineImage;

    constructor(name: string, args: IronicArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:Ironic", name, {}, opts);
        const child = { parent: this, provider: args.substrate.provider };
        const secrets = [createCredentials(name, args, child), createCertificate(name, args, child)];
        this.ready = createObjects(name, args.chart, { ...child, dependsOn: [...args.substrate.ready, ...secrets] }).last;
        const { namespace } = args;
        this.endpoint = `https://ironic.${namespace}.svc:${API_PORT}/v1/`;
        this.agentUrl = `https://${args.substrate.serviceAddress}:${API_PORT}`;
        this.osImage = osImage(namespace);
        this.registerOutputs({ endpoint: this.endpoint });
    }
}

function createCredentials(name: string, { credentials, namespace }: IronicArgs, opts: pulumi.CustomResourceOptions) {
    return new kubernetes.core.v1.Secret(
        `${name}-credentials`,
        {
            metadata: { name: CREDENTIALS_SECRET, namespace },
            stringData: {
                username: credentials.ironic.username,
                password: credentials.ironic.password,
                htpasswd: credentials.ironic.htpasswd,
                "mariadb-password": credentials.database.password,
                "mariadb-root-password": credentials.database.rootPassword,
            },
        },
        opts,
    );
}

function createCertificate(name: string, { pki, namespace }: IronicArgs, opts: pulumi.CustomResourceOptions) {
    const certificate = pki.server(IRONIC_CERTIFICATE);
    return new kubernetes.core.v1.Secret(
        `${name}-tls`,
        {
            metadata: { name: TLS_SECRET, namespace },
            type: "kubernetes.io/tls",
            stringData: { "tls.crt": certificate.cert, "tls.key": certificate.key, "ca.crt": pki.caCertificate },
        },
        opts,
    );
}

/** Values of charts/ironic: plain, never outputs, so that a preview can render the chart before there is a cluster. */
export function ironicValues({ plan, images, storageClass, serviceAddress }: IronicValuesArgs): object {
    return {
        fullnameOverride: "ironic",
        existingSecret: CREDENTIALS_SECRET,
        tlsSecret: TLS_SECRET,
        images: {
            ironic: referenceParts(images.reference("ironic")),
            mariadb: referenceParts(images.reference("mariadb")),
            imageServer: referenceParts(images.reference("image-server")),
        },
        provisioning: { cidr: plan.network.cidr, ips: plan.conductors.map(({ provisioningIp }) => provisioningIp) },
        service: { externalIPs: [serviceAddress] },
        ...(plan.ironic.conductor ? { conductor: plan.ironic.conductor } : {}),
        mariadb: { ...plan.ironic.mariadb, persistence: { storageClass } },
        imageServer: { files: { [OS_IMAGE.file]: OS_IMAGE.content } },
    };
}
