import { asRecord, asRecords, type Manifest } from "./documents";

/** Groups of which the lab's own parts ask for a deprecated version: CAPM3 1.13 watches IPAddressClaims as v1beta1. */
const ASKED_FOR = new Set(["ipam.cluster.x-k8s.io"]);

/**
 * Resources in the versions that upstream does not call deprecated; the others are no longer served. kube-apiserver
 * keeps a watch cache of every version it serves, whether anybody asks for it or not (apiextensions-apiserver 0.35,
 * customresource_handler.go): each write of an object is decoded once more, and converted by a call of its controller's
 * webhook. With Cluster API 1.13 and CAPM3 1.13, whose v1beta1 nobody in the lab asks for, that is 170 calls a cluster.
 */
export const withoutDeprecatedVersions = (manifests: readonly Manifest[]): Manifest[] =>
    manifests.map((manifest) => (manifest.kind === "CustomResourceDefinition" ? current(manifest) : manifest));

function current(definition: Manifest): Manifest {
    const spec = asRecord(definition.spec);
    if (spec === undefined || ASKED_FOR.has(String(spec.group))) {
        return definition;
    }
    const versions = asRecords(spec.versions).map((version) =>
        version.deprecated === true && version.storage !== true ? { ...version, served: false } : version,
    );
    return { ...definition, spec: { ...spec, versions } };
}
