import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fullReference, joinReference } from "../../plan/image-reference";
import { certificateRequests, replaceCertManager, type IssuedCertificate } from "../../plan/manifests/certificates";
import { parseManifests, type Manifest } from "../../plan/manifests/documents";
import { tuneManager } from "../../plan/manifests/managers";
import { PROVIDERS, type Provider } from "../../plan/manifests/providers";
import { expandVariables } from "../../plan/manifests/variables";
import { withoutDeprecatedVersions } from "../../plan/manifests/versions";
import { webhooksForChanges } from "../../plan/manifests/webhooks";
import { Cache } from "../../toolchain/cache/cache";
import { providerPath } from "../../toolchain/manifests/entry";
import { readProvider, type ProviderFiles } from "../../toolchain/manifests/rendered";
import { cacheRoot } from "../../toolchain/paths";
import { issueCertificate, stillFits, type CertificateSpec } from "../pki/certificates";
import { Cluster } from "./cluster";
import {
    clusterctlInit,
    clusterctlUpgrade,
    writeRepository,
    type ClusterctlRun,
    type PreparedProvider,
} from "./clusterctl";
import { compareInstalled } from "./compare";
import type { ClusterApiInput } from "./input";
import { waitForApi, waitForControllers } from "./wait";

/** Days for which a webhook's certificate must still be valid. Otherwise a new one is issued. */
const LEAST_DAYS = 30;

/** Lines in which clusterctl names the next step to a person. In the lab the next step is another one. */
const USAGE = /^\s*$|^Your management cluster has been initialized|^You can now create|^\s+clusterctl generate cluster/;

/** The providers that are installed: standard output of tasks/cluster-api.ts. */
export interface ClusterApiResult {
    providers: { type: string; name: string; version: string; namespace: string }[];
}

/**
 * Installs Cluster API with clusterctl. Providers that are installed already get the settings of the input, and those
 * of a lower version are upgraded before. What was interrupted is finished: clusterctl records a provider last, and
 * patches the objects of one without a record.
 *
 * @param chosen versions of parts. A part without one has its own version
 * @param directory a folder for this run alone.
 * @throws Error where a provider is of a higher version than is wanted
 */
export async function installClusterApi(
    input: ClusterApiInput,
    chosen: Readonly<Record<string, string>>,
    directory: string,
    signal: AbortSignal,
    onLine: (line: string) => void,
): Promise<ClusterApiResult> {
    const cluster = new Cluster(input.kubeconfig);
    const wait = { seconds: input.waitSeconds, signal, onLine };
    await waitForApi(cluster, wait);
    const prepared = await preparedProviders(input, chosen, cluster);
    const { absent, lower, there } = compareInstalled(prepared, await cluster.installedProviders());

    if (absent.length + lower.length > 0) {
        const kubeconfig = join(directory, "kubeconfig");
        await writeFile(kubeconfig, input.kubeconfig, { mode: 0o600 });
        const run: ClusterctlRun = {
            clusterctl: input.clusterctl,
            configuration: await writeRepository(directory, prepared),
            kubeconfig,
            home: directory,
            timeoutSeconds: input.waitSeconds,
            signal,
            onLine: (line) => {
                if (!USAGE.test(line)) {
                    onLine(line);
                }
            },
        };
        if (lower.length > 0) {
            onLine(`clusterctl upgrade apply: ${lower.length} of ${prepared.length} providers to upgrade`);
            await clusterctlUpgrade(run, lower);
        }
        if (absent.length > 0) {
            onLine(`clusterctl init: ${absent.length} of ${prepared.length} providers to install`);
            await clusterctlInit(run, prepared);
        }
    }
    for (const each of there) {
        onLine(`${each.provider.label} ${each.version} is installed: bringing its settings up to date`);
        for (const manifest of each.manifests.flatMap(changeable)) {
            await cluster.update(manifest);
        }
    }
    await waitForControllers(cluster, prepared, wait);
    onLine("Cluster API is ready");
    return {
        providers: prepared.map(({ provider, version }) => ({
            type: provider.type,
            name: provider.name,
            version,
            namespace: provider.namespace,
        })),
    };
}

async function preparedProviders(
    input: ClusterApiInput,
    chosen: Readonly<Record<string, string>>,
    cluster: Cluster,
): Promise<PreparedProvider[]> {
    const cache = new Cache(cacheRoot());
    const prepared: PreparedProvider[] = [];
    for (const provider of PROVIDERS) {
        const files = await readProvider(input.manifests.directory ?? providerPath(cache, provider, chosen), provider);
        prepared.push(await prepareProvider(input, cluster, provider, files));
    }
    return prepared;
}

/**
 * Upstream's manifests of one provider with the changes that the lab makes: settings, certificates, versions, webhooks.
 */
async function prepareProvider(
    input: ClusterApiInput,
    cluster: Cluster,
    provider: Provider,
    files: ProviderFiles,
): Promise<PreparedProvider> {
    const { version } = files;
    const all = parseManifests(expandVariables(files.components), `${provider.label} ${version}`);
    const served = input.deprecatedVersions ? all : withoutDeprecatedVersions(all);
    const upstream = input.webhooksOfEveryUpdate ? served : webhooksForChanges(served);
    const { image, featureGates, ...tuning } = input.controllers[provider.key];
    const tuned = tuneManager(upstream, provider, {
        ...tuning,
        image: fullReference(joinReference(image)),
        featureGates: { ...requiredGates(provider), ...featureGates },
    });
    const certificates = await issueAll(input, cluster, upstream);
    const caBundle = Buffer.from(input.ca.cert).toString("base64");
    const manifests = replaceCertManager(tuned, caBundle, input.ca.cert, (request) => {
        const issued = certificates.get(request.certificate);
        if (issued === undefined) {
            throw new Error(`no certificate was issued for ${request.certificate}`);
        }
        return issued;
    });
    return { provider, version, metadata: files.metadata, manifests };
}

/**
 * Feature gates that the lab cannot do without: two providers have ClusterClass, of which workload clusters are made,
 * behind one.
 */
function requiredGates(provider: Provider): Record<string, boolean> {
    return provider.key === "core" || provider.key === "controlPlane" ? { ClusterTopology: true } : {};
}

/**
 * A certificate for each Certificate of cert-manager's, by its name. One that is in its Secret and still fits is kept.
 */
async function issueAll(
    input: ClusterApiInput,
    cluster: Cluster,
    manifests: readonly Manifest[],
): Promise<Map<string, IssuedCertificate>> {
    const issued = new Map<string, IssuedCertificate>();
    for (const request of certificateRequests(manifests)) {
        // A DNS name may be longer than the 64 characters of a common name. The Secret's name is shorter.
        const spec: CertificateSpec = { commonName: request.secretName, names: request.dnsNames, usages: ["server"] };
        const earlier = await cluster.tlsSecret(request.namespace, request.secretName);
        const keep = earlier !== undefined && (await stillFits(earlier, input.ca, spec, LEAST_DAYS).catch(() => false));
        const pair = keep ? earlier : await issueCertificate(input.ca, spec, input.certificateDays);
        issued.set(request.certificate, { certificate: pair.cert, privateKey: pair.key });
    }
    return issued;
}

/**
 * The part of a manifest that is written to an installed provider: settings, certificates, the CA, and which versions
 * are served. Nothing else depends on the input, and clusterctl renames cluster-wide RBAC objects.
 */
export function changeable(manifest: Manifest): Manifest[] {
    switch (manifest.kind) {
        case "Deployment":
            return [withoutLeftovers(manifest)];
        case "Secret":
        case "MutatingWebhookConfiguration":
        case "ValidatingWebhookConfiguration":
            return [manifest];
        case "CustomResourceDefinition": {
            const { apiVersion, kind, metadata } = manifest;
            const { conversion, versions } = manifest.spec as { conversion?: object; versions?: object[] };
            const spec = definedOnly({ conversion, versions });
            return Object.keys(spec).length === 0
                ? []
                : [{ apiVersion, kind, metadata: { name: metadata.name }, spec }];
        }
        default:
            return [];
    }
}

/**
 * A Deployment of which a merge patch leaves nothing of earlier settings: not those of RollingUpdate, which the API
 * refuses beside Recreate, and no Secrets by which images were pulled.
 */
function withoutLeftovers(manifest: Manifest): Manifest {
    const copy = structuredClone(manifest);
    const spec = copy.spec as
        | { strategy?: { type?: string; rollingUpdate?: null }; template?: { spec?: { imagePullSecrets?: unknown } } }
        | undefined;
    if (spec?.strategy?.type === "Recreate") {
        spec.strategy.rollingUpdate = null;
    }
    if (spec?.template?.spec !== undefined) {
        spec.template.spec.imagePullSecrets ??= null;
    }
    return copy;
}

/** The object without the keys whose value is undefined. */
function definedOnly<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
    return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
        [K in keyof T]: Exclude<T[K], undefined>;
    };
}
