import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Manifest } from "../plan/manifests/documents";

/**
 * One Kubernetes object of any kind, as a resource of its own, from a manifest that may hold outputs. A preview counts
 * it and shows it before the cluster exists, which groups of objects (yaml.ConfigGroup) do not while a value is
 * unknown.
 */
export class KubernetesObject extends pulumi.CustomResource {
    constructor(
        name: string,
        manifest: Manifest,
        opts: pulumi.CustomResourceOptions & { provider: kubernetes.Provider },
    ) {
        super(objectToken(manifest), name, { ...annotated(manifest), status: undefined }, opts);
    }
}

/** What the Kubernetes provider is told about objects of a kind, in annotations. */
const TOLD: Record<string, Record<string, string>> = {
    // It is ready when it has endpoints, which come with the Deployment made after it: waiting for it first would never
    // end.
    Service: { "pulumi.com/skipAwait": "true" },
    // In the foreground, which is Pulumi's default, the garbage collector deletes what a cluster owns beside Cluster
    // API, and now and then is first with a Metal3Machine: its BareMetalHost, which it owns while it uses it, was
    // deleted with it.
    Cluster: { "pulumi.com/deletionPropagationPolicy": "background" },
};

function annotated(manifest: Manifest): Manifest {
    const told = TOLD[manifest.kind];
    if (told === undefined) {
        return manifest;
    }
    return {
        ...manifest,
        metadata: { ...manifest.metadata, annotations: { ...manifest.metadata.annotations, ...told } },
    };
}

/**
 * The official token, for which the Kubernetes provider knows what to wait for: the core group is written out there.
 */
export const objectToken = ({ apiVersion, kind }: Pick<Manifest, "apiVersion" | "kind">): string =>
    `kubernetes:${apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`}:${kind}`;

/** Kinds that others rest on. */
const FIRST = ["Namespace"];
/** Kinds that rest on all others: a controller that starts before its CRDs and certificates only crashes. */
const LAST = ["Deployment"];

/**
 * Creates all objects of a layer in an order in which each finds what it needs.
 * @returns them, the Deployments apart.
 */
export function createObjects(
    prefix: string,
    manifests: readonly Manifest[],
    opts: pulumi.CustomResourceOptions & { provider: kubernetes.Provider },
): { before: KubernetesObject[]; last: KubernetesObject[] } {
    const create = (manifest: Manifest, dependsOn: pulumi.Resource[]): KubernetesObject =>
        new KubernetesObject(`${prefix}-${manifest.kind}-${manifest.metadata.name}`.toLowerCase(), manifest, {
            ...opts,
            dependsOn: [...asResources(opts.dependsOn), ...dependsOn],
        });
    const of = (kinds: string[]) => manifests.filter(({ kind }) => kinds.includes(kind));
    const first = of(FIRST).map((manifest) => create(manifest, []));
    const middle = manifests
        .filter(({ kind }) => ![...FIRST, ...LAST].includes(kind))
        .map((manifest) => create(manifest, first));
    const before = [...first, ...middle];
    return { before, last: of(LAST).map((manifest) => create(manifest, before)) };
}

function asResources(dependsOn: pulumi.CustomResourceOptions["dependsOn"]): pulumi.Resource[] {
    if (dependsOn === undefined) {
        return [];
    }
    if (Array.isArray(dependsOn)) {
        return dependsOn as pulumi.Resource[];
    }
    if (pulumi.Resource.isInstance(dependsOn)) {
        return [dependsOn];
    }
    throw new TypeError("createObjects takes resources in dependsOn, not outputs");
}
