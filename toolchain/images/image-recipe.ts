import { z } from "zod";

const PLACES = ["pod", "observability", "container", "build", "minikube"] as const;

/**
 * Where an image runs: as a pod of the cluster, as one that only labs with `observability` have, as a container of
 * Docker, nowhere, because it is only built upon, or in the place of an image that minikube would download.
 */
export type ImagePlace = (typeof PLACES)[number];

/** What a version of an image has in the place of the image's own. Its files and arguments are added to those. */
const versionSchema = z.strictObject({
    pull: z.string().optional(),
    files: z.record(z.string(), z.string()).default({}),
    args: z.record(z.string(), z.string()).default({}),
    /** Go target in the place of the image's first one. */
    program: z.string().optional(),
    /** `false`: nothing builds this version here, and it is pulled. Default: it can be built. */
    build: z.literal(false).optional(),
});

/** One image of images.yaml. */
export const imageSchema = z.strictObject({
    /**
     * `pod`: in every node of the embedded cluster; `observability`: there as well, in labs with that key; `container`:
     * in Docker; `build`: only beneath other images; `minikube`: in the place of an image of minikube's, on a machine
     * that cannot download those.
     */
    runs: z.enum(PLACES),
    /**
     * Upstream's own image, pinned by tag or digest; `${version}` stands for a version of the part. Default: upstream
     * publishes none.
     */
    pull: z.string().optional(),
    /** A Debian tree made by debootstrap. No other field but `pull` goes with it. */
    debootstrap: z.strictObject({ suite: z.string(), include: z.array(z.string()).default([]) }).optional(),
    /** Folder of the Dockerfile beneath toolchain/images. Default: the image's name. */
    dockerfile: z.string().optional(),
    /** Name of the image beneath this one. The Dockerfile gets its reference as the build argument BASE. */
    from: z.string().optional(),
    /** Targets of toolchain/go/targets.yaml, copied into the build context under their names. */
    binaries: z.array(z.string()).default([]),
    /** Files or folders of the checkout: path in the build context → path in the checkout. */
    files: z.record(z.string(), z.string()).default({}),
    /**
     * TypeScript programs, each bundled into one file: path in the build context → entry point, and the files or
     * folders whose content changes the bundle.
     */
    bundles: z
        .record(z.string(), z.strictObject({ entry: z.string(), inputs: z.array(z.string()).min(1) }))
        .default({}),
    /**
     * Single files of npm packages: path in the build context → the package, its version, the integrity of its
     * archive as in a package-lock.json, and the file's path in it.
     */
    npm: z
        .record(
            z.string(),
            z.strictObject({
                package: z.string(),
                version: z.string(),
                integrity: z.string().startsWith("sha512-"),
                file: z.string(),
            }),
        )
        .default({}),
    /** Images of this list as archives: path in the build context → the image's name. Default: none. */
    archives: z.record(z.string(), z.string()).optional(),
    /** Build arguments of the Dockerfile. */
    args: z.record(z.string(), z.string()).default({}),
    /**
     * Name of the part whose version the configuration chooses, and with it the image's. Default: the image's own name,
     * where it has a version.
     */
    part: z.string().optional(),
    /**
     * Which version all the fields above make. Default: of a part, that of the first program; else none, and the
     * version cannot be chosen.
     */
    version: z.string().optional(),
    /** `false`: nothing builds it here, and it is pulled. Default: it can be built. */
    build: z.literal(false).optional(),
    /** The other versions there are. Default: of a part, those of the first program where `version` is not given. */
    versions: z.record(z.string(), versionSchema).optional(),
});

/** How one image is made, and where it runs. */
export type ImageRecipe = z.infer<typeof imageSchema>;
