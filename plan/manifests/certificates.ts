import { asRecord, asRecords, describe, ManifestError } from "./documents";
import type { Manifest } from "./documents";

const INJECT_ANNOTATION = "cert-manager.io/inject-ca-from";
const CERT_MANAGER_GROUP = "cert-manager.io/";

/** A serving certificate that the manifests ask cert-manager for. */
export interface CertificateRequest {
    /** `namespace/name` of the Certificate: what `inject-ca-from` refers to. */
    certificate: string;
    namespace: string;
    secretName: string;
    /** Exactly the names the Certificate asks for. */
    dnsNames: string[];
}

/** PEM, or a value that is known only later (passed through untouched). */
export interface IssuedCertificate<Value = string> {
    certificate: Value;
    privateKey: Value;
}

/**
 * The certificates the manifests ask cert-manager for.
 *
 * @throws ManifestError naming each Certificate without secretName, namespace or dnsNames.
 */
export function certificateRequests(manifests: readonly Manifest[]): CertificateRequest[] {
    const problems: string[] = [];
    const requests = manifests.filter(isCertificate).map((manifest) => {
        const spec = asRecord(manifest.spec) ?? {};
        const { name, namespace } = manifest.metadata;
        const dnsNames = Array.isArray(spec.dnsNames) ? spec.dnsNames.map(String) : [];
        if (namespace === undefined || typeof spec.secretName !== "string" || dnsNames.length === 0) {
            problems.push(`${describe(manifest)} needs a namespace, spec.secretName and spec.dnsNames`);
        }
        return {
            certificate: `${namespace ?? ""}/${name}`,
            namespace: namespace ?? "",
            secretName: String(spec.secretName),
            dnsNames,
        };
    });
    if (problems.length > 0) {
        throw new ManifestError(problems.join("; "));
    }
    return requests;
}

/**
 * Takes cert-manager out of a provider's manifests: its Certificates become Secrets issued by our own CA, its Issuers
 * go, and the CA stands in every webhook and CRD conversion where cert-manager would have put it.
 *
 * @param caBundle the CA certificate in PEM, as base64 (what `caBundle` holds).
 * @param caCertificate the same in PEM, for the Secrets' `ca.crt`.
 * @param issue makes or finds the certificate for one request.
 * @throws ManifestError if a Secret would be mounted by nothing, if `inject-ca-from` refers to a Certificate that is
 * not
 *   there, or if anything of cert-manager's is left.
 */
export function replaceCertManager<Value>(
    manifests: readonly Manifest[],
    caBundle: Value,
    caCertificate: Value,
    issue: (request: CertificateRequest) => IssuedCertificate<Value>,
): Manifest[] {
    const requests = certificateRequests(manifests);
    const known = new Set(requests.map((request) => request.certificate));
    const problems = requests
        .filter((request) => !isMounted(manifests, request))
        .map(
            (request) =>
                `no Deployment of ${request.namespace} mounts Secret ${request.secretName} ` +
                `of Certificate ${request.certificate}`,
        );

    const result: Manifest[] = [];
    for (const manifest of manifests) {
        if (isCertificate(manifest)) {
            const request = requests.find(
                (each) => each.certificate === `${manifest.metadata.namespace ?? ""}/${manifest.metadata.name}`,
            );
            if (request !== undefined) {
                result.push(tlsSecret(request, manifest.metadata.labels, issue(request), caCertificate));
            }
        } else if (manifest.apiVersion.startsWith(CERT_MANAGER_GROUP)) {
            if (manifest.kind !== "Issuer") {
                problems.push(`${describe(manifest)} of cert-manager is not understood`);
            }
        } else {
            const source = manifest.metadata.annotations?.[INJECT_ANNOTATION];
            if (source !== undefined && !known.has(source)) {
                problems.push(`${describe(manifest)} wants the CA of Certificate ${source}, which is not there`);
            }
            result.push(source === undefined ? manifest : withCaBundle(manifest, caBundle));
        }
    }
    if (problems.length > 0) {
        throw new ManifestError(problems.join("; "));
    }
    return result;
}

function isCertificate(manifest: Manifest): boolean {
    return manifest.kind === "Certificate" && manifest.apiVersion.startsWith(CERT_MANAGER_GROUP);
}

function isMounted(manifests: readonly Manifest[], request: CertificateRequest): boolean {
    return manifests
        .filter((manifest) => manifest.kind === "Deployment" && manifest.metadata.namespace === request.namespace)
        .flatMap((deployment) => {
            const template = asRecord(asRecord(deployment.spec)?.template);
            return asRecords(asRecord(template?.spec)?.volumes);
        })
        .some((volume) => asRecord(volume.secret)?.secretName === request.secretName);
}

function tlsSecret<Value>(
    request: CertificateRequest,
    labels: Record<string, string> | undefined,
    issued: IssuedCertificate<Value>,
    caCertificate: Value,
): Manifest {
    return {
        apiVersion: "v1",
        kind: "Secret",
        metadata: {
            name: request.secretName,
            namespace: request.namespace,
            // clusterctl finds what belongs to a provider by its labels, and deletes by them.
            ...(labels === undefined ? {} : { labels: { ...labels } }),
        },
        type: "kubernetes.io/tls",
        stringData: {
            "ca.crt": caCertificate,
            "tls.crt": issued.certificate,
            "tls.key": issued.privateKey,
        },
    };
}

/** The object with the CA wherever its clients look for it, and without cert-manager's annotation. */
function withCaBundle(manifest: Manifest, caBundle: unknown): Manifest {
    const annotations = { ...manifest.metadata.annotations };
    delete annotations[INJECT_ANNOTATION];
    const metadata = { ...manifest.metadata, annotations };
    switch (manifest.kind) {
        case "MutatingWebhookConfiguration":
        case "ValidatingWebhookConfiguration":
            return {
                ...manifest,
                metadata,
                webhooks: asRecords(manifest.webhooks).map((webhook) => ({
                    ...webhook,
                    clientConfig: { ...asRecord(webhook.clientConfig), caBundle },
                })),
            };
        case "CustomResourceDefinition":
            return { ...manifest, metadata, spec: crdSpecWithCaBundle(asRecord(manifest.spec) ?? {}, caBundle) };
        default:
            throw new ManifestError(
                `${describe(manifest)} wants a CA, but only webhooks and CustomResourceDefinitions have a place for it`,
            );
    }
}

/** Several CRDs carry the annotation without converting anything: the API server refuses a caBundle there. */
function crdSpecWithCaBundle(spec: Record<string, unknown>, caBundle: unknown): Record<string, unknown> {
    const conversion = asRecord(spec.conversion);
    const webhook = asRecord(conversion?.webhook);
    if (conversion?.strategy !== "Webhook" || webhook === undefined) {
        return spec;
    }
    return {
        ...spec,
        conversion: {
            ...conversion,
            webhook: { ...webhook, clientConfig: { ...asRecord(webhook.clientConfig), caBundle } },
        },
    };
}
