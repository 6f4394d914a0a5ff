import {
    issueAuthority,
    issueCertificate,
    issueSigningKeys,
    stillFits,
    validForDays,
    commonNameOf,
} from "./certificates";
import type { CertificateSpec, KeyPair } from "./certificates";
import type {
    KubernetesPki,
    NodeCertificates,
    NodeInput,
    Pki,
    PkiInput,
    ServerCertificate,
    ServerInput,
} from "./input";

/** Share of its validity below which a certificate is renewed: one third, as kubelets and cert-manager do. */
const RENEWAL_SHARE = 1 / 3;

/**
 * Issues every certificate of a lab. Certificates of an earlier result that still fit are kept: a new address of a
 * conductor renews Ironic's certificate and nothing else, and no running component loses its CA.
 *
 * @param previous what an earlier call returned for the same lab
 */
export async function createPki(input: PkiInput, previous?: Pki): Promise<Pki> {
    const issuer = new Issuer(input.validityDays);
    const ca = await issuer.authority(input.name, previous?.ca);
    const servers: Record<string, KeyPair> = {};
    for (const [key, server] of Object.entries(input.servers)) {
        servers[key] = await issuer.certificate(
            ca,
            {
                commonName: server.commonName ?? key,
                names: server.names,
                usages: ["server"],
                keyType: server.keyType,
            },
            previous?.servers[key],
        );
    }
    return {
        ca,
        ...(input.kubernetes === undefined
            ? {}
            : { kubernetes: await kubernetesPki(issuer, input.kubernetes, previous?.kubernetes) }),
        servers,
    };
}

/**
 * Issues the certificates of a node that joins a cluster later. Those of an earlier result that still fit are kept.
 *
 * @param previous what an earlier call returned for the same node
 */
export const createNodeCertificates = (
    { node, names, validityDays, authority }: NodeInput,
    previous?: NodeCertificates,
): Promise<NodeCertificates> => nodeCertificates(new Issuer(validityDays), authority, { node, names }, previous);

/**
 * Issues the certificate of a server that comes to a lab later. That of an earlier result is kept if it still fits.
 *
 * @param previous what an earlier call returned for the same server
 */
export const createServerCertificate = (
    { name, names, validityDays, authority }: ServerInput,
    previous?: ServerCertificate,
): Promise<ServerCertificate> =>
    new Issuer(validityDays).certificate(authority, { commonName: name, names, usages: ["server"] }, previous);

/** The certificates of a kubelet: as a client of the API server, and as a server to it. */
async function nodeCertificates(
    issuer: Issuer,
    clusterCa: KeyPair,
    { node, names }: { node: string; names: string[] },
    previous: NodeCertificates | undefined,
): Promise<NodeCertificates> {
    const subject = { commonName: `system:node:${node}`, organizations: ["system:nodes"] };
    return {
        client: await issuer.certificate(clusterCa, { ...subject, usages: ["client"] }, previous?.client),
        server: await issuer.certificate(clusterCa, { ...subject, names, usages: ["server"] }, previous?.server),
    };
}

async function kubernetesPki(
    issuer: Issuer,
    input: NonNullable<PkiInput["kubernetes"]>,
    previous: KubernetesPki | undefined,
): Promise<KubernetesPki> {
    const clusterCa = await issuer.authority("kubernetes", previous?.clusterCa);
    const frontProxyCa = await issuer.authority("kubernetes-front-proxy", previous?.frontProxyCa);
    const client = (commonName: string, organizations: string[], earlier: KeyPair | undefined): Promise<KeyPair> =>
        issuer.certificate(clusterCa, { commonName, organizations, usages: ["client"] }, earlier);

    const kubelets: KubernetesPki["kubelets"] = {};
    for (const [node, names] of Object.entries(input.nodes)) {
        kubelets[node] = await nodeCertificates(issuer, clusterCa, { node, names }, previous?.kubelets[node]);
    }
    return {
        clusterCa,
        apiServer: await issuer.certificate(
            clusterCa,
            { commonName: "kube-apiserver", names: input.apiServerNames, usages: ["server"] },
            previous?.apiServer,
        ),
        apiServerKubeletClient: await client(
            "kube-apiserver-kubelet-client",
            ["system:masters"],
            previous?.apiServerKubeletClient,
        ),
        admin: await client("kubernetes-admin", ["system:masters"], previous?.admin),
        controllerManager: await client("system:kube-controller-manager", [], previous?.controllerManager),
        scheduler: await client("system:kube-scheduler", [], previous?.scheduler),
        kubeProxy: await client("system:kube-proxy", [], previous?.kubeProxy),
        kubelets,
        frontProxyCa,
        frontProxyClient: await issuer.certificate(
            frontProxyCa,
            { commonName: "front-proxy-client", usages: ["client"] },
            previous?.frontProxyClient,
        ),
        serviceAccount: previous?.serviceAccount ?? (await issueSigningKeys()),
    };
}

/**
 * Issues certificates that do not exist yet, and keeps those that do. With a new CA, every certificate below it is new.
 */
class Issuer {
    constructor(private readonly days: number) {}

    private get leastDays(): number {
        return this.days * RENEWAL_SHARE;
    }

    async authority(commonName: string, previous: KeyPair | undefined): Promise<KeyPair> {
        const keep =
            previous !== undefined &&
            commonNameOf(previous.cert) === commonName &&
            validForDays(previous, this.leastDays);
        return keep ? previous : issueAuthority(commonName, this.days);
    }

    async certificate(authority: KeyPair, spec: CertificateSpec, previous: KeyPair | undefined): Promise<KeyPair> {
        const keep = previous !== undefined && (await stillFits(previous, authority, spec, this.leastDays));
        return keep ? previous : issueCertificate(authority, spec, this.days);
    }
}
