/** The references of the lab's images, as the layers above the toolchain see them. */
export interface ImageReferences {
    /**
     * The pinned reference of an image, as a cluster gets it: below the lab's registry where there is one.
     * @throws Error listing the images there are, when `name` is none of them
     */
    reference(name: string): string;
    /** The version of a part that the configuration chooses. Undefined: the part has no versions to choose from. */
    version(part: string): string | undefined;
    /** The reference under which Docker on this machine has an image, for the containers that it runs itself. */
    local(name: string): string;
    /** The image server's image with the files of the Ironic Python agent. Undefined: the lab has none of those. */
    ipa(): string | undefined;
    /** References of all images that run as pods: they must be on every node of a cluster without a registry. */
    inCluster(): readonly string[];
    /**
     * Every image that the lab's registry must have: those that a cluster runs, and those of Docker's containers, which
     * another machine then need not build. Empty without a registry.
     */
    forRegistry(): readonly RegistryImage[];
}

/** The reference under which an image is copied into a node, and the one under which pods look for it there. */
export interface CopiedImage {
    reference: string;
    /**
     * A tag for as long as the copy takes, where the reference is a digest: `docker save` writes no name for an image
     * that it is told by its digest. Undefined: the reference is a tag itself.
     */
    alias?: string;
}

/** How an image is copied into a node. */
export function copiedImage(reference: string): CopiedImage {
    const { digest } = referenceParts(reference);
    return digest === undefined
        ? { reference }
        : { reference, alias: `metal3-scale-lab/by-digest:${digest.replace("sha256:", "").slice(0, 12)}` };
}

/** An image in the lab's registry. */
export interface RegistryImage {
    /** The reference under which Docker on this machine has it. */
    local: string;
    /** The reference in the registry. */
    reference: string;
}

/**
 * The reference of an image in the lab's registry: `PREFIX/NAME:TAG`. It has the tag that the image has on this
 * machine, so another image never gets the same reference.
 * @param name the image's name in the lab, whoever publishes it
 */
export function referenceBelow(prefix: string, name: string, local: string): string {
    const { tag, digest } = referenceParts(local);
    return `${prefix}/${name}:${tag ?? (digest ?? "").replace(":", "-")}`;
}

/**
 * The images that an own node needs, in the order of `inCluster`. The one of every pod's sandbox is not from the
 * registry: containerd has no credentials for it, because Secrets belong to pods.
 */
export const imagesOfNode = (images: ImageReferences): string[] =>
    images.inCluster().map((image) => (image === images.reference("pause") ? images.local("pause") : image));

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
