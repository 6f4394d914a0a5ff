import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { allConductorAddresses } from "../plan/addresses";
import type { MachineImage } from "../plan/manifests/cluster-objects";
import type { Manifest } from "../plan/manifests/documents";
import { OS_IMAGE, osImage } from "../plan/manifests/os-image";
import type { HostPlan, LabPlan } from "../plan/plan";
import { lastConductorOf } from "../plan/sizes";
import { referenceParts, type Images } from "../prepare/images";
import type { Credentials } from "./credentials";
import { createObjects, type KubernetesObject } from "./kubernetes-object";
import type { LabPki } from "./lab-pki";
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
    /** By conductor index. */
    private readonly conductors: KubernetesObject[];
    /** Made after the conductors and gone before them: it stands for all of them, however many there are. */
    private readonly imageServer: KubernetesObject[];
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
        const { imageServer, others } = divideChart(args.chart);
        this.conductors = createObjects(name, others, {
            ...child,
            dependsOn: [...args.substrate.ready, ...secrets],
        }).last;
        this.imageServer = createObjects(name, imageServer, { ...child, dependsOn: this.conductors }).last;
        const { namespace } = args;
        this.endpoint = `https://ironic.${namespace}.svc:${API_PORT}/v1/`;
        this.agentUrl = `https://${args.substrate.serviceAddress}:${API_PORT}`;
        this.osImage = osImage(namespace);
        this.registerOutputs({ endpoint: this.endpoint });
    }

    /**
     * What a host needs of this, and must not lose before it is let go of. The same two however many conductors there are: a host that depended on all of them
     * would have other dependencies with one more, and plain `pulumi up` writes the whole state for each resource of which that is true.
     */
    of(host: HostPlan): pulumi.Resource[] {
        const conductor = this.conductors[lastConductorOf(host.index, this.conductors.length)];
        return conductor === undefined ? this.imageServer : [...this.imageServer, conductor];
    }
}

/** The image server's Deployment, and all else, by name. @throws Error when the chart has no image server, which hosts are provisioned from */
function divideChart(chart: readonly Manifest[]): { imageServer: Manifest[]; others: Manifest[] } {
    const isImageServer = ({ kind, metadata }: Manifest): boolean =>
        kind === "Deployment" && metadata.labels?.["app.kubernetes.io/component"] === "image-server";
    const imageServer = chart.filter(isImageServer);
    if (imageServer.length === 0) {
        throw new Error("charts/ironic was rendered without its image server (imageServer.enabled)");
    }
    const others = chart.filter((manifest) => !isImageServer(manifest));
    // Conductors by their index: Helm has number ten before number two.
    return {
        imageServer,
        others: others.sort((one, other) =>
            one.metadata.name.localeCompare(other.metadata.name, "en", { numeric: true }),
        ),
    };
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
