import { z } from "zod";

/**
 * Variable of the task that installs Cluster API: version of each part that it installs and whose version can be
 * chosen, as JSON. Pulumi's state keeps it, which is how the next change knows what a lab has.
 */
export const PART_VERSIONS = "PART_VERSIONS";

/** Annotation of a Kubernetes object, and label of a container, with the version of the part that it runs. */
export const VERSION_KEY = "metal3-scale-lab/version";

/**
 * What a lab has of each part of which its resources name no version: labs were made before the version could be
 * chosen. It stays as it is when the default becomes another one.
 */
export const UNNAMED: Readonly<Record<string, string>> = {
    kubernetes: "1.35.4",
    capi: "1.13.4",
    capm3: "1.13.2",
    ipam: "1.13.2",
    bmo: "0.13.2",
    mariadb: "10.11",
    sushyTools: "2.2.0",
};

/**
 * The label of a container with the version of its part. None where a lab has that version without naming it: a label
 * more would replace the nodes and the pairs of every lab that is there.
 * @param version undefined: the part has no versions to choose from
 */
export const versionLabel = (part: string, version: string | undefined): { label: string; value: string }[] =>
    version === undefined || version === UNNAMED[part] ? [] : [{ label: VERSION_KEY, value: version }];

/** A Kubernetes object with the version of its part as an annotation, where a container would have it as a label. */
export function namingVersion<M extends { metadata: { annotations?: Record<string, string> } }>(
    part: string,
    version: string | undefined,
    manifest: M,
): M {
    const [label] = versionLabel(part, version);
    if (label === undefined) {
        return manifest;
    }
    const annotations = { ...manifest.metadata.annotations, [label.label]: label.value };
    return { ...manifest, metadata: { ...manifest.metadata, annotations } };
}

const schema = z.record(z.string(), z.string().regex(/^\d+\.\d+\.\d+$/));

/**
 * Versions of parts, as {@link PART_VERSIONS} has them.
 * @param text undefined: every part has its own version
 * @throws Error when the text is none of those
 */
export function readPartVersions(text: string | undefined): Record<string, string> {
    const result = schema.safeParse(text === undefined ? {} : JSON.parse(text));
    if (!result.success) {
        throw new Error(`${PART_VERSIONS} must be JSON such as {"capi":"1.13.4"}, not ${text}`);
    }
    return result.data;
}
