import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { IRONIC_API_PORT, ironicUrl } from "../plan/addresses";
import type { MachineImage } from "../plan/manifests/cluster-class-patches";
import type { Manifest } from "../plan/manifests/documents";
import { CREDENTIALS_SECRET, TLS_SECRET } from "../plan/manifests/ironic-values";
import { osImage } from "../plan/manifests/os-image";
import { namingVersion } from "../plan/part-versions";
import type { HostPlan } from "../plan/plan";
import { lastConductorOf } from "../plan/sizes";
import { createObjects, type KubernetesObject } from "./kubernetes-object";
import type { LabContext } from "./lab-context";

export interface IronicArgs extends LabContext {
    /** charts/ironic, rendered with `ironicValues`. */
    chart: readonly Manifest[];
}

/** Key of Ironic's certificate in the lab's PKI. */
export const IRONIC_CERTIFICATE = "ironic";

/**
 * Ironic from charts/ironic: MariaDB, a conductor for each provisioning IP, one API in front of them, the image server.
 */
export class Ironic extends pulumi.ComponentResource {
    /** By conductor index. */
    private readonly conductors: KubernetesObject[];
    /**
     * Created after all conductors and deleted before them, so a host can depend on it instead of on every conductor.
     */
    private readonly imageServer: KubernetesObject[];
    /** URL of the API for clients in the cluster, with its version. */
    readonly endpoint: string;
    /** Base URL of the API for agents. */
    readonly agentUrl: string;
    /** Base URL of the API for people: from this machine where the substrate has an address for it. */
    readonly url: string;
    /** The OS image of the workload clusters' machines. */
    readonly osImage: MachineImage;

    constructor(name: string, args: IronicArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:Ironic", name, {}, { ...opts, dependsOn: [args.namespace] });
        const { plan, substrate, images } = args;
        const child = { parent: this, provider: substrate.provider };
        const secrets = [createCredentials(name, args, child), createCertificate(name, args, child)];
        const { imageServer, others } = divideChart(args.chart);
        const dependsOn = [...substrate.ready, ...secrets];
        // The only StatefulSet is the database's.
        const named = others.map((each) =>
            each.kind === "StatefulSet" ? namingVersion("mariadb", images.version("mariadb"), each) : each,
        );
        this.conductors = createObjects(name, named, { ...child, dependsOn }).last;
        this.imageServer = createObjects(name, imageServer, { ...child, dependsOn: this.conductors }).last;
        this.endpoint = `https://ironic.${plan.namespace}.svc:${IRONIC_API_PORT}/v1/`;
        this.agentUrl = ironicUrl(plan.reach.ironicHost);
        this.url = ironicUrl(plan.substrate.serviceAddress ?? plan.reach.ironicHost);
        this.osImage = osImage(plan.namespace);
        this.registerOutputs({ endpoint: this.endpoint });
    }

    /**
     * Resources that a BareMetalHost depends on: the image server and one conductor, always the same two. Plain
     * `pulumi up` writes the whole state for each resource whose dependencies changed, so a new conductor must not
     * change the dependencies of every host.
     */
    dependenciesOf(host: HostPlan): pulumi.Resource[] {
        const conductor = this.conductors[lastConductorOf(host.index, this.conductors.length)];
        return conductor === undefined ? this.imageServer : [...this.imageServer, conductor];
    }
}

/**
 * The image server's Deployment, and the other objects of the chart by name.
 * @throws Error when the chart has no image server, which hosts are provisioned from
 */
function divideChart(chart: readonly Manifest[]): { imageServer: Manifest[]; others: Manifest[] } {
    const isImageServer = ({ kind, metadata }: Manifest): boolean =>
        kind === "Deployment" && metadata.labels?.["app.kubernetes.io/component"] === "image-server";
    const imageServer = chart.filter(isImageServer);
    if (imageServer.length === 0) {
        throw new Error("charts/ironic was rendered without its image server (imageServer.enabled)");
    }
    // In the order of their numbers: Helm sorts names as text, so it puts conductor 10 before conductor 2.
    const byNumber = (one: Manifest, other: Manifest) =>
        one.metadata.name.localeCompare(other.metadata.name, "en", { numeric: true });
    return { imageServer, others: chart.filter((manifest) => !isImageServer(manifest)).sort(byNumber) };
}

function createCredentials(name: string, { credentials, plan }: IronicArgs, opts: pulumi.CustomResourceOptions) {
    return new kubernetes.core.v1.Secret(
        `${name}-credentials`,
        {
            metadata: { name: CREDENTIALS_SECRET, namespace: plan.namespace },
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

function createCertificate(name: string, { pki, plan }: IronicArgs, opts: pulumi.CustomResourceOptions) {
    const certificate = pki.server(IRONIC_CERTIFICATE);
    return new kubernetes.core.v1.Secret(
        `${name}-tls`,
        {
            metadata: { name: TLS_SECRET, namespace: plan.namespace },
            type: "kubernetes.io/tls",
            stringData: { "tls.crt": certificate.cert, "tls.key": certificate.key, "ca.crt": pki.caCertificate },
        },
        opts,
    );
}
