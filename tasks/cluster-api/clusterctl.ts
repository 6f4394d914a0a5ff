import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { formatManifests, type Manifest } from "../../plan/manifests/documents";
import type { Provider } from "../../plan/manifests/providers";

/** A provider with the manifests and the version that are to be installed. */
export interface PreparedProvider {
    provider: Provider;
    version: string;
    metadata: string;
    manifests: Manifest[];
}

/** The version that clusterctl records for cert-manager, which is not installed. Only its form matters. */
const CERT_MANAGER_VERSION = "v1.11.5";

/** Label of the placeholder CRDs of cert-manager, which tells them from the real ones. */
const PLACEHOLDER_LABEL = "metal3-scale-lab/stand-in";

/**
 * Placeholders of cert-manager's CRDs. `clusterctl init` creates an Issuer and a Certificate before it installs
 * anything. Nothing in the lab is issued by cert-manager, so two CRDs that accept any content are enough.
 */
export function certManagerPlaceholders(): Manifest[] {
    return [
        ["Certificate", "certificates"],
        ["Issuer", "issuers"],
    ].map(([kind = "", plural = ""]) => ({
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        metadata: { name: `${plural}.cert-manager.io`, labels: { [PLACEHOLDER_LABEL]: "true" } },
        spec: {
            group: "cert-manager.io",
            scope: "Namespaced",
            names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
            versions: [
                {
                    name: "v1",
                    served: true,
                    storage: true,
                    schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
                },
            ],
        },
    }));
}

/**
 * Writes a clusterctl repository and configuration beneath a folder.
 *
 * @returns path of the configuration.
 */
export async function writeRepository(directory: string, providers: readonly PreparedProvider[]): Promise<string> {
    const repository = join(directory, "repository");
    for (const { provider, version, metadata, manifests } of providers) {
        const folder = join(repository, provider.label, version);
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, provider.componentsFile), formatManifests(manifests));
        await writeFile(join(folder, "metadata.yaml"), metadata);
    }
    // The layout that clusterctl derives an overview of versions from: <base>/<name>/<version>/<file>.
    const certManager = join(repository, "cert-manager", CERT_MANAGER_VERSION);
    await mkdir(certManager, { recursive: true });
    await writeFile(join(certManager, "cert-manager.yaml"), formatManifests(certManagerPlaceholders()));

    const configuration = join(directory, "clusterctl.yaml");
    await writeFile(
        configuration,
        JSON.stringify({
            "cert-manager": {
                url: `file://${join(certManager, "cert-manager.yaml")}`,
                version: CERT_MANAGER_VERSION,
                timeout: "2m",
            },
            providers: providers.map(({ provider, version }) => ({
                name: provider.name,
                type: provider.type,
                url: `file://${join(repository, provider.label, version, provider.componentsFile)}`,
            })),
        }),
    );
    return configuration;
}

/** One run of clusterctl. */
export interface ClusterctlRun {
    clusterctl: string;
    configuration: string;
    kubeconfig: string;
    /** Home for this run alone, so that the user's own clusterctl configuration has no effect. */
    home: string;
    timeoutSeconds: number;
    signal: AbortSignal;
    /** Told every line clusterctl writes. */
    onLine: (line: string) => void;
}

/** `clusterctl init` of these providers. It skips those that are installed already at the same version. */
export async function clusterctlInit(run: ClusterctlRun, providers: readonly PreparedProvider[]): Promise<void> {
    await clusterctl(run, [
        "init",
        ...providers.flatMap(({ provider, version }) => [provider.flag, `${provider.name}:${version}`]),
    ]);
}

/**
 * `clusterctl upgrade apply` of these providers, in upstream's order whatever theirs is: it stops the old controllers,
 * and then replaces core, bootstrap, control plane and infrastructure one after the other. Definitions stay, and with
 * them all objects. One that was interrupted can be repeated, since it records a provider's version last.
 */
export async function clusterctlUpgrade(run: ClusterctlRun, providers: readonly PreparedProvider[]): Promise<void> {
    await clusterctl(run, [
        "upgrade",
        "apply",
        ...providers.flatMap(({ provider, version }) => [provider.flag, `${provider.name}:${version}`]),
    ]);
}

/** @throws Error with the last lines it wrote, when it fails, cannot be started, or does not end in time. */
async function clusterctl(run: ClusterctlRun, args: readonly string[]): Promise<void> {
    const [command = ""] = args;
    const child = spawn(run.clusterctl, [...args, "--config", run.configuration, "--kubeconfig", run.kubeconfig], {
        stdio: ["ignore", "pipe", "pipe"],
        signal: run.signal,
        timeout: run.timeoutSeconds * 1000,
        env: {
            ...process.env,
            HOME: run.home,
            XDG_CONFIG_HOME: run.home,
            CLUSTERCTL_DISABLE_VERSIONCHECK: "true",
        },
    });
    const last: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
            last.push(line);
            last.splice(0, last.length - 10);
            run.onLine(line);
        });
    }
    await new Promise<void>((resolve, reject) => {
        child.once("error", (error) =>
            reject(new Error(`${run.clusterctl} ${command} cannot be run: ${error.message}`)),
        );
        child.once("close", (code, signal) => {
            if (code === 0) {
                resolve();
                return;
            }
            const reason =
                signal === null
                    ? `ended with code ${String(code)}`
                    : `did not end within ${run.timeoutSeconds} s (${signal})`;
            reject(new Error(`clusterctl ${command} ${reason}:\n${last.join("\n")}`));
        });
    });
}
