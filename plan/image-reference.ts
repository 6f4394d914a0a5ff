/** The references of the lab's images, as the layers above the toolchain see them. */
export interface ImageReferences {
    /**
     * The pinned reference of an image.
     * @throws Error listing the images there are, when `name` is none of them
     */
    reference(name: string): string;
    /** The image server's image with the files of the Ironic Python agent. Undefined: the lab has none of those. */
    ipa(): string | undefined;
    /** References of all images that run as pods: they must be on every node of a cluster without a registry. */
    inCluster(): readonly string[];
}

/** A reference in its parts, as charts and clusterctl's configuration want it. */
export interface ReferenceParts {
    /** Repository with the image's name, for example `quay.io/metal3-io/ironic`. */
    repository: string;
    tag?: string | undefined;
    /** `sha256:…`. It says more than a tag. */
    digest?: string | undefined;
}

/** Takes a reference apart. */
export function referenceParts(reference: string): ReferenceParts {
    const [name = "", digest] = reference.split("@");
    const colon = name.lastIndexOf(":");
    const tagged = colon > name.lastIndexOf("/");
    return {
        repository: tagged ? name.slice(0, colon) : name,
        ...(tagged ? { tag: name.slice(colon + 1) } : {}),
        ...(digest === undefined ? {} : { digest }),
    };
}

/**
 * Puts a reference together again, with the digest alone where there is one.
 * @throws Error when nothing pins the image
 */
export function joinReference({ repository, tag, digest }: ReferenceParts): string {
    if (digest !== undefined) {
        return `${repository}@${digest}`;
    }
    if (tag === undefined) {
        throw new Error(`the image ${repository} has neither a tag nor a digest`);
    }
    return `${repository}:${tag}`;
}

/**
 * The reference with its registry, as containerd names an image and as clusterctl wants it. A reference without a
 * registry is one of docker.io's, as container runtimes read it.
 */
export function fullReference(reference: string): string {
    const [first = "", ...rest] = reference.split("/");
    if (rest.length === 0) {
        return `docker.io/library/${reference}`;
    }
    return /[.:]/.test(first) || first === "localhost" ? reference : `docker.io/${reference}`;
}
