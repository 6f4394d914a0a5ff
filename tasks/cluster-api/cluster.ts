import {
    ApiException,
    ApiextensionsV1Api,
    KubernetesObjectApi,
    PatchStrategy,
    setHeaderOptions,
    type KubernetesObject,
    type V1Deployment,
    type V1Pod,
    type V1Secret,
} from "@kubernetes/client-node";
import { isAbsent, parseKubeconfig, requestErrorText } from "../../lib/kubernetes";
import type { Manifest } from "../../plan/manifests/documents";
import type { KeyPair } from "../pki/certificates";

const FIELD_MANAGER = "metal3-scale-lab";

/** A provider in clusterctl's inventory. */
export interface InstalledProvider {
    type: string;
    name: string;
    version: string;
}

/** The management cluster, as far as the installation of Cluster API needs it. */
export class Cluster {
    private readonly api: KubernetesObjectApi;
    private readonly definitions: ApiextensionsV1Api;
    readonly server: string;

    /** @throws Error when the text is not a kubeconfig with a current context. */
    constructor(kubeconfig: string) {
        const config = parseKubeconfig(kubeconfig);
        this.server = config.getCurrentCluster()?.server ?? "";
        this.api = KubernetesObjectApi.makeApiClient(config);
        this.definitions = config.makeApiClient(ApiextensionsV1Api);
    }

    /** The object, or undefined when it, or its kind, does not exist. */
    async read<T extends KubernetesObject>(
        apiVersion: string,
        kind: string,
        name: string,
        namespace?: string,
    ): Promise<T | undefined> {
        try {
            return await this.api.read<T>({
                apiVersion,
                kind,
                metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
            });
        } catch (error) {
            if (isAbsent(error)) {
                return undefined;
            }
            throw error;
        }
    }

    /** The providers in clusterctl's inventory. Empty when clusterctl has never run against this cluster. */
    async installedProviders(): Promise<InstalledProvider[]> {
        const group = "clusterctl.cluster.x-k8s.io/v1alpha3";
        const definition = await this.read(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "providers.clusterctl.cluster.x-k8s.io",
        );
        if (definition === undefined) {
            return [];
        }
        const list = await this.api.list(group, "Provider");
        return list.items.map((item) => {
            const { type, providerName, version } = item as unknown as Record<string, string>;
            return { type: type ?? "", name: providerName ?? "", version: version ?? "" };
        });
    }

    /** The certificate in a TLS Secret, or undefined when there is none. Half a pair counts as none. */
    async tlsSecret(namespace: string, name: string): Promise<KeyPair | undefined> {
        const secret = await this.read<V1Secret>("v1", "Secret", name, namespace);
        const [cert, key] = ["tls.crt", "tls.key"].map((entry) =>
            Buffer.from(secret?.data?.[entry] ?? "", "base64").toString(),
        );
        return cert === undefined || cert === "" || key === undefined || key === "" ? undefined : { cert, key };
    }

    /** Changes an existing object to what the manifest says; lists are replaced whole (JSON merge patch). */
    async update(manifest: Manifest): Promise<void> {
        if (manifest.kind === "CustomResourceDefinition") {
            // KubernetesObjectApi writes the kinds that it knows field by field, by its own list of names. Of a schema
            // it would leave out x-kubernetes-* and defaults.
            const change = { name: manifest.metadata.name, body: manifest, fieldManager: FIELD_MANAGER };
            await this.definitions.patchCustomResourceDefinition(
                change,
                setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
            );
            return;
        }
        await this.api.patch(manifest, undefined, undefined, FIELD_MANAGER, undefined, PatchStrategy.MergePatch);
    }

    async deployment(namespace: string, name: string): Promise<V1Deployment | undefined> {
        return this.read<V1Deployment>("apps/v1", "Deployment", name, namespace);
    }

    async pods(namespace: string): Promise<V1Pod[]> {
        const list = await this.api.list<V1Pod>("v1", "Pod", namespace);
        return list.items;
    }

    /**
     * Whether the API server reaches the webhooks for this object, by a dry run of creating it. Their answer does not
     * matter.
     *
     * @returns undefined when they were reached, else why they were not
     */
    async webhookUnreachable(probe: Manifest): Promise<string | undefined> {
        try {
            await this.api.create(probe, undefined, "All");
            return undefined;
        } catch (error) {
            const message = requestErrorText(error);
            const answered = error instanceof ApiException && error.code < 500 && error.code !== 404;
            return answered && !message.includes("failed calling webhook") ? undefined : message;
        }
    }

    /** Names of the objects of a kind, in the whole cluster, that have a label. None when there is no such kind. */
    async labelled(apiVersion: string, kind: string, label: string): Promise<string[]> {
        try {
            const none = undefined;
            const { items } = await this.api.list(apiVersion, kind, none, none, none, none, none, label);
            return items.flatMap(({ metadata }) => metadata?.name ?? []);
        } catch (error) {
            if (isAbsent(error)) {
                return [];
            }
            throw error;
        }
    }

    /** Deletes an object. It is no error when there is none. */
    async delete(manifest: Pick<Manifest, "apiVersion" | "kind" | "metadata">): Promise<void> {
        try {
            await this.api.delete(manifest);
        } catch (error) {
            if (!isAbsent(error)) {
                throw error;
            }
        }
    }
}
