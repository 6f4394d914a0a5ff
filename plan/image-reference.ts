/** The references of the lab's images, as the layers above the toolchain see them. */
export interface ImageReferences {
    /**
     * The pinned reference of an image.
     * @throws Error listing the images there are, when `name` is none of them
     */
    reference(name: string): string;
    /** References of all images that run as pods: they must be on every node of a cluster without a registry. */
    inCluster(): readonly string[];
}

/** A reference in its parts, as charts and clusterctl's configuration want it. */
export function referenceParts(reference: string): { repository: string; tag?: string; digest?: string } {
    const [name = "", digest] = reference.split("@");
    const colon = name.lastIndexOf(":");
    const tagged = colon > name.lastIndexOf("/");
    return {
        repository: tagged ? name.slice(0, colon) : name,
        ...(tagged ? { tag: name.slice(colon + 1) } : {}),
        ...(digest === undefined ? {} : { digest }),
    };
}
