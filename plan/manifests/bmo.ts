import { replaceCertManager, type IssuedCertificate } from "./certificates";
import { asRecord, asRecords, changeManifest, findManifest, recordAt, type Manifest } from "./documents";
import { findContainer, tuneManager, type EnvironmentValue, type ManagerTuning } from "./managers";
import { BARE_METAL_OPERATOR } from "./providers";
import { webhooksForOthers } from "./webhooks";

/** Where BMO reads Ironic's credentials: `<root>/ironic/username` and `password`. */
const AUTH_ROOT = "/opt/metal3/auth";
const CA_FOLDER = "/opt/metal3/certs/ca";

const IRONIC_CREDENTIALS_SECRET = "ironic-credentials";
const IRONIC_CA_SECRET = "ironic-cacert";

/**
 * What the bare-metal operator is told. A `Value` is text, or something that stands for text which is known later
 * (Pulumi's outputs): it is put in its place and never looked at.
 */
export interface BmoOptions<Value> {
    /** The objects as {@link readBareMetalOperator} reads them. */
    manifests: readonly Manifest[];
    image: string;
    ironic: {
        /** Address of Ironic's API with its version, for example `https://ironic.ironic.svc:6385/v1/`. */
        endpoint: Value;
        /** Basic-auth credentials. Without them BMO speaks to Ironic without any. */
        credentials?: { username: Value; password: Value };
        /** CA of Ironic's certificate, in PEM. Needed for an https endpoint. */
        caCertificate?: Value;
    };
    /** Where conductors fetch the image that hosts with virtual media boot from. Undefined: no host has it. */
    agentIsoUrl?: string | undefined;
    /**
     * Hosts that may be in inspection, provisioning or deprovisioning at the same time (PROVISIONING_LIMIT; upstream:
     * 20).
     */
    provisioningLimit: number;
    /** Concurrent reconciles of each controller (BMO_CONCURRENCY). Undefined: upstream's default, the CPUs, 2 to 8. */
    concurrency?: number | undefined;
    /** Requests per second to the Kubernetes API (upstream: 20). */
    kubeApiQps: number;
    /** Requests at once beyond `kubeApiQps` (upstream: 30). */
    kubeApiBurst: number;
    webhook: {
        certificate: IssuedCertificate<Value>;
        /** CA of the webhook's certificate, in PEM. */
        caCertificate: Value;
        /** The same, the PEM text as base64. */
        caBundle: Value;
        /** Whether it is asked about the operator's own changes as well, as upstream has it. */
        ownChanges: boolean;
    };
    /** Requests, probes, further flags and environment variables. */
    tuning?: Omit<ManagerTuning, "image">;
}

/** Names that the operator's webhook certificate must cover, for issuing it before the manifests are read. */
export const BMO_WEBHOOK_NAMES = [
    `baremetal-operator-webhook-service.${BARE_METAL_OPERATOR.namespace}.svc`,
    `baremetal-operator-webhook-service.${BARE_METAL_OPERATOR.namespace}.svc.cluster.local`,
] as const;

/** A host by whose creation, as a dry run, one sees whether kube-apiserver reaches the operator's webhook. */
export const BMO_PROBE: Manifest = {
    apiVersion: "metal3.io/v1alpha1",
    kind: "BareMetalHost",
    metadata: { name: "webhook-probe", namespace: "default" },
    // kube-apiserver asks the webhook only about objects that its schema allows.
    spec: { online: false },
};

/**
 * The bare-metal operator with its CRDs, RBAC and webhooks, its namespace first.
 *
 * CAPM3 watches BareMetalHosts but does not bring their CRD, and stops when its watch does not start: these objects
 * must be there before Cluster API's providers are.
 *
 * @throws ManifestError when upstream's manifests do not hold what is changed.
 */
export function bmoObjects<Value>(options: BmoOptions<Value>): Manifest[] {
    const address = { deployment: BARE_METAL_OPERATOR.deployment };
    let manifests = tuneManager(options.manifests, address, {
        ...options.tuning,
        image: options.image,
        args: {
            "kube-api-qps": options.kubeApiQps,
            "kube-api-burst": options.kubeApiBurst,
            ...options.tuning?.args,
        },
        env: { ...environment(options), ...options.tuning?.env },
    });
    manifests = withMounts(manifests, options);
    manifests = replaceCertManager<Value>(
        manifests,
        options.webhook.caBundle,
        options.webhook.caCertificate,
        () => options.webhook.certificate,
    );
    if (!options.webhook.ownChanges) {
        manifests = webhooksForOthers(manifests, BARE_METAL_OPERATOR);
    }
    return [namespaceObject(), ...ironicSecrets(options), ...manifests];
}

function environment<Value>(options: BmoOptions<Value>): Record<string, EnvironmentValue> {
    return {
        IRONIC_ENDPOINT: { later: options.ironic.endpoint },
        PROVISIONING_LIMIT: String(options.provisioningLimit),
        ...(options.agentIsoUrl === undefined ? {} : { DEPLOY_ISO_URL: options.agentIsoUrl }),
        ...(options.concurrency === undefined ? {} : { BMO_CONCURRENCY: String(options.concurrency) }),
        ...(options.ironic.credentials === undefined ? {} : { METAL3_AUTH_ROOT_DIR: AUTH_ROOT }),
        ...(options.ironic.caCertificate === undefined ? {} : { IRONIC_CACERT_FILE: `${CA_FOLDER}/tls.crt` }),
    };
}

/**
 * Mounts the Secrets of Ironic's credentials and CA, and takes away the reference to a ConfigMap `ironic`: everything
 * in it is a variable of the container here, and the pod would wait for it for ever.
 */
function withMounts<Value>(manifests: readonly Manifest[], options: BmoOptions<Value>): Manifest[] {
    const mounts = [
        ...(options.ironic.credentials === undefined
            ? []
            : [{ name: IRONIC_CREDENTIALS_SECRET, mountPath: `${AUTH_ROOT}/ironic` }]),
        ...(options.ironic.caCertificate === undefined ? [] : [{ name: IRONIC_CA_SECRET, mountPath: CA_FOLDER }]),
    ];
    const deployment = findManifest(manifests, "Deployment", BARE_METAL_OPERATOR.deployment);
    return changeManifest(manifests, deployment, (copy) => {
        const container = findContainer(copy, "manager");
        const sources = asRecords(container.envFrom).filter(
            (source) => asRecord(source.configMapRef)?.name !== "ironic",
        );
        if (sources.length > 0) {
            container.envFrom = sources;
        } else {
            delete container.envFrom;
        }
        container.volumeMounts = [
            ...asRecords(container.volumeMounts),
            ...mounts.map(({ name, mountPath }) => ({ name, mountPath, readOnly: true })),
        ];
        const pod = recordAt(copy, "spec", "template", "spec");
        pod.volumes = [
            ...asRecords(pod.volumes),
            ...mounts.map(({ name }) => ({ name, secret: { secretName: name } })),
        ];
        // Upstream's 10 s guards against a crash right after the start; here it only makes every installation longer.
        recordAt(copy, "spec").minReadySeconds = 0;
    });
}

function namespaceObject(): Manifest {
    return { apiVersion: "v1", kind: "Namespace", metadata: { name: BARE_METAL_OPERATOR.namespace } };
}

function ironicSecrets<Value>(options: BmoOptions<Value>): Manifest[] {
    const { credentials, caCertificate } = options.ironic;
    const secret = (name: string, stringData: Record<string, Value>): Manifest => ({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name, namespace: BARE_METAL_OPERATOR.namespace },
        type: "Opaque",
        stringData,
    });
    return [
        ...(credentials === undefined ? [] : [secret(IRONIC_CREDENTIALS_SECRET, { ...credentials })]),
        ...(caCertificate === undefined ? [] : [secret(IRONIC_CA_SECRET, { "tls.crt": caCertificate })]),
    ];
}
