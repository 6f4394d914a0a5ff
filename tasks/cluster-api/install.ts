import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { certificateRequests, replaceCertManager, type IssuedCertificate } from "../../plan/manifests/certificates";
import { parseManifests, type Manifest } from "../../plan/manifests/documents";
import { tuneManager } from "../../plan/manifests/managers";
import { PROVIDERS, type Provider } from "../../plan/manifests/providers";
import { expandVariables } from "../../plan/manifests/variables";
import { withoutDeprecatedVersions } from "../../plan/manifests/versions";
import { webhooksForChanges } from "../../plan/manifests/webhooks";
import { Cache } from "../../toolchain/cache/cache";
import { manifestsPath } from "../../toolchain/manifests/entry";
import { fetchProvider, readManifestIndex, readProvider, type ProviderFiles } from "../../toolchain/manifests/rendered";
import { cacheRoot } from "../../toolchain/paths";
import { issueCertificate, stillFits, type CertificateSpec } from "../pki/certificates";
import { Cluster, type InstalledProvider } from "./cluster";
import { clusterctlInit, writeRepository, type PreparedProvider } from "./clusterctl";
import { imageReference, type ClusterApiInput } from "./input";
import { waitForApi, waitForControllers } from "./wait";

/** Days a webhook's certificate must still be valid to be kept. */
const LEAST_DAYS = 30;

/** What clusterctl says to somebody who typed its command: the next step is another one here. */
const USAGE = /^\s*$|^Your management cluster has been initialized|^You can now create|^\s+clusterctl generate cluster/;

/** What the program answers with. */
export interface ClusterApiResult {
    providers: { type: string; name: string; version: string; namespace: string }[];
}

/**
 * Installs Cluster API with clusterctl, or brings what is installed to what is asked for. An installation that was cut
 * off is finished: clusterctl records a provider last, and patches what it finds of one that is not recorded.
 *
 * @param directory a folder for this run alone.
 */
export async function installClusterApi(
    input: ClusterApiInput,
    directory: string,
    signal: AbortSignal,
    onLine: (line: string) => void,
): Promise<ClusterApiResult> {
    const cluster = new Cluster(input.kubeconfig);
    const wait = { seconds: input.waitSeconds, signal, onLine };
    await waitForApi(cluster, wait);
    const prepared = await prepareProviders(input, cluster);
    const before = await cluster.installedProviders();
    refuseOtherVersions(prepared, before);
    const there = prepared.filter((each) => isInstalled(each, before));

    if (there.length < prepared.length) {
        onLine(`clusterctl init: ${prepared.length - there.length} of ${prepared.length} providers to install`);
        const kubeconfig = join(directory, "kubeconfig");
        await writeFile(kubeconfig, input.kubeconfig, { mode: 0o600 });
        await clusterctlInit(
            {
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
            },
            prepared,
        );
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

async function prepareProviders(input: ClusterApiInput, cluster: Cluster): Promise<PreparedProvider[]> {
    const source = await manifestSource(input.manifests);
    const prepared: PreparedProvider[] = [];
    for (const provider of PROVIDERS) {
        const { version, files } = await source(provider);
        prepared.push(await prepare(input, cluster, provider, version, files));
    }
    return prepared;
}

type ManifestSource = (provider: Provider) => Promise<{ version: string; files: ProviderFiles }>;

/** Where upstream's manifests are taken from; after this nothing knows the difference. */
async function manifestSource(manifests: ClusterApiInput["manifests"]): Promise<ManifestSource> {
    if (manifests.source === "pull") {
        return async (provider) => {
            const version = manifests.versions[provider.key];
            return { version, files: await fetchProvider(provider, version, manifests.base) };
        };
    }
    const directory = manifests.directory ?? manifestsPath(new Cache(cacheRoot()));
    const index = await readManifestIndex(directory);
    return async (provider) => ({
        version: index.providers[provider.key],
        files: await readProvider(directory, provider, index),
    });
}

async function prepare(
    input: ClusterApiInput,
    cluster: Cluster,
    provider: Provider,
    version: string,
    files: ProviderFiles,
): Promise<PreparedProvider> {
    const all = parseManifests(expandVariables(files.components), `${provider.label} ${version}`);
    const served = input.deprecatedVersions ? all : withoutDeprecatedVersions(all);
    const upstream = input.webhooksOfEveryUpdate ? served : webhooksForChanges(served);
    const { image, featureGates, ...tuning } = input.controllers[provider.key] ?? {};
    const tuned = tuneManager(upstream, provider, {
        ...definedOnly(tuning),
        ...(image === undefined ? {} : { image: imageReference(image) }),
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

/** The workload clusters are made from a ClusterClass, which is behind a gate in these two. */
function requiredGates(provider: Provider): Record<string, boolean> {
    return provider.key === "core" || provider.key === "controlPlane" ? { ClusterTopology: true } : {};
}

/** Certificates by the Certificate they stand for; one that is already in its Secret and still fits is kept. */
async function issueAll(
    input: ClusterApiInput,
    cluster: Cluster,
    manifests: readonly Manifest[],
): Promise<Map<string, IssuedCertificate>> {
    const issued = new Map<string, IssuedCertificate>();
    for (const request of certificateRequests(manifests)) {
        // The names pass the 64 characters of a common name; a Secret's name does not.
        const spec: CertificateSpec = { commonName: request.secretName, names: request.dnsNames, usages: ["server"] };
        const earlier = await cluster.tlsSecret(request.namespace, request.secretName);
        const keep = earlier !== undefined && (await stillFits(earlier, input.ca, spec, LEAST_DAYS).catch(() => false));
        const pair = keep ? earlier : await issueCertificate(input.ca, spec, input.certificateDays);
        issued.set(request.certificate, { certificate: pair.cert, privateKey: pair.key });
    }
    return issued;
}

function isInstalled(prepared: PreparedProvider, installed: readonly InstalledProvider[]): boolean {
    const { type, name } = prepared.provider;
    return installed.some((each) => each.type === type && each.name === name);
}

function refuseOtherVersions(prepared: readonly PreparedProvider[], installed: readonly InstalledProvider[]): void {
    const others = prepared.flatMap(({ provider, version }) =>
        installed
            .filter((each) => each.type === provider.type && each.name === provider.name && each.version !== version)
            .map((each) => `${provider.label} ${each.version} is installed, ${version} is wanted`),
    );
    if (others.length > 0) {
        throw new Error(
            `${others.join("; ")}: upgrade with clusterctl upgrade apply, or start a new management cluster`,
        );
    }
}

/**
 * What of an installed provider may differ from the manifests: settings, certificates, the CA, and which versions are served. Nothing else
 * depends on the input, and clusterctl renames cluster-wide RBAC objects.
 */
export function changeable(manifest: Manifest): Manifest[] {
    switch (manifest.kind) {
        case "Deployment":
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

/** The object without the keys whose value is undefined. */
function definedOnly<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
    return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
        [K in keyof T]: Exclude<T[K], undefined>;
    };
}
