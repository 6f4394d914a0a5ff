import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { repoPath, repoRoot } from "../paths";

const PLACES = ["pod", "container", "build", "minikube"] as const;

/**
 * Where an image runs: as a pod of the cluster, as a container of Docker, nowhere, because it is only built upon, or in
 * the place of an image that minikube would download.
 */
type ImagePlace = (typeof PLACES)[number];

const imageSchema = z.strictObject({
    /**
     * `pod`: in every node of the embedded cluster; `container`: in Docker; `build`: only beneath other images;
     * `minikube`: in the place of an image of minikube's, on a machine that cannot download those.
     */
    runs: z.enum(PLACES),
    /** Upstream's own image, pinned by tag or digest. Default: upstream publishes none. */
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
});

/** How one image is made, and where it runs. */
export type ImageRecipe = z.infer<typeof imageSchema>;

const FILE = "toolchain/images/images.yaml";

/** Reads the text of images.yaml. @throws Error naming every problem at once */
export function parseImages(text: string): Record<string, ImageRecipe> {
    const result = z
        .strictObject({ images: z.record(z.string().regex(/^[a-z0-9-]+$/), imageSchema) })
        .safeParse(parse(text));
    if (!result.success) {
        const problems = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
        throw new Error(`${FILE}: ${problems.join("; ")}`);
    }
    const { images } = result.data;
    const loose = Object.entries(images).flatMap(([name, { from, archives }]) => [
        ...(from !== undefined && !(from in images) ? [`${name} is built on ${from}`] : []),
        ...Object.values(archives ?? {}).flatMap((inside) => (inside in images ? [] : [`${name} holds ${inside}`])),
    ]);
    if (loose.length > 0) {
        throw new Error(`${FILE}: ${loose.join("; ")}, which is not listed`);
    }
    return images;
}

let known: Record<string, ImageRecipe> | undefined;

function recipes(): Record<string, ImageRecipe> {
    known ??= parseImages(readFileSync(repoPath("toolchain", "images", "images.yaml"), "utf8"));
    return known;
}

/** Names of all images of images.yaml, in its order. */
export function imageNames(): string[] {
    return Object.keys(recipes());
}

/** Names of the images that run at one of these places, place by place, each in the order of images.yaml. */
export function imagesThatRunAs(...places: ImagePlace[]): string[] {
    return places.flatMap((place) => imageNames().filter((name) => imageRecipe(name).runs === place));
}

/** The recipe of an image. @throws Error listing the images there are */
export function imageRecipe(name: string): ImageRecipe {
    const found = recipes()[name];
    if (found === undefined) {
        throw new Error(`there is no image "${name}": ${FILE} has ${imageNames().join(", ")}`);
    }
    return found;
}

/** Names of the images that must be there before an image can be built: the one beneath it, and those inside it. */
export function imagesBefore(name: string): string[] {
    const { from, archives } = imageRecipe(name);
    return [...(from === undefined ? [] : [from]), ...Object.values(archives ?? {})];
}

/** The Dockerfile's folder of an image. */
export function dockerfileDir(name: string, recipe = imageRecipe(name), root = repoRoot): string {
    return join(root, "toolchain", "images", recipe.dockerfile ?? name);
}
