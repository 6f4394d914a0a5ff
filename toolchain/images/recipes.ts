import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as semver from "semver";
import { parse } from "yaml";
import { z } from "zod";
import type { VersionSets } from "../../plan/config/version-sets";
import { repoPath, repoRoot } from "../paths";

const PLACES = ["pod", "container", "build", "minikube"] as const;

/**
 * Where an image runs: as a pod of the cluster, as a container of Docker, nowhere, because it is only built upon, or in
 * the place of an image that minikube would download.
 */
type ImagePlace = (typeof PLACES)[number];

/** What a version of an image has in the place of the image's own. Its files and arguments are added to those. */
const versionSchema = z.strictObject({
    pull: z.string().optional(),
    files: z.record(z.string(), z.string()).default({}),
    args: z.record(z.string(), z.string()).default({}),
});

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
    /** Which version all the fields above make, of a part whose version the configuration chooses. */
    version: z.string().optional(),
    /** The other versions there are. Default: none. */
    versions: z.record(z.string(), versionSchema).optional(),
});

/** How one image is made, and where it runs. */
export type ImageRecipe = z.infer<typeof imageSchema>;

const FILE = "toolchain/images/images.yaml";

const fileSchema = z.strictObject({
    images: z.record(z.string().regex(/^[a-z0-9-]+$/), imageSchema),
    defaultSet: z.string().default(""),
    sets: z.record(z.string(), z.record(z.string(), z.string())).default({}),
});

/** The content of images.yaml. */
interface ImageList {
    /** In the order of the file. */
    images: Record<string, ImageRecipe>;
    /** Recipes of the versions that are not an image's own, by the name under which they are built. */
    variants: Record<string, ImageRecipe>;
    versions: VersionSets;
}

/** Reads the text of images.yaml. @throws Error naming every problem at once */
export function parseImages(text: string): ImageList {
    const result = fileSchema.safeParse(parse(text));
    if (!result.success) {
        const problems = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
        throw new Error(`${FILE}: ${problems.join("; ")}`);
    }
    const { images, defaultSet, sets } = result.data;
    const versions = { defaultSet, sets, parts: partsOf(images) };
    const loose = [
        ...Object.entries(images).flatMap(([name, { from, archives }]) => [
            ...(from !== undefined && !(from in images) ? [`${name} is built on ${from}`] : []),
            ...Object.values(archives ?? {}).flatMap((inside) => (inside in images ? [] : [`${name} holds ${inside}`])),
        ]),
        ...looseSets(versions),
    ];
    if (loose.length > 0) {
        throw new Error(`${FILE}: ${loose.join("; ")}, which is not listed`);
    }
    return { images, variants: variantsOf(images), versions };
}

/** Versions of each image that has any. */
const partsOf = (images: Record<string, ImageRecipe>): VersionSets["parts"] =>
    Object.fromEntries(
        Object.entries(images).flatMap(([name, { version, versions, pull }]) => {
            if (version === undefined) {
                return [];
            }
            const others = Object.entries(versions ?? {}).map(([other, { pull: its }]) => ({
                version: other,
                pull: its,
            }));
            const all = [{ version, pull }, ...others];
            return [[name, all.sort((one, other) => semver.compare(one.version, other.version))]];
        }),
    );

/** Sets that name what is not there. */
function looseSets({ defaultSet, sets, parts }: VersionSets): string[] {
    const unlisted = Object.entries(sets).flatMap(([set, versions]) =>
        Object.entries(versions)
            .filter(([part, wanted]) => !parts[part]?.some(({ version }) => version === wanted))
            .map(([part, wanted]) => `the set ${set} has ${part} ${wanted}`),
    );
    return [...unlisted, ...(defaultSet === "" || defaultSet in sets ? [] : [`the default set is ${defaultSet}`])];
}

/** Name under which the version of an image is built. Names of images have no dots. */
const variantName = (name: string, version: string): string => `${name}-${version}`;

const variantsOf = (images: Record<string, ImageRecipe>): Record<string, ImageRecipe> =>
    Object.fromEntries(
        Object.entries(images).flatMap(([name, { versions = {}, ...own }]) =>
            Object.entries(versions).map(([version, { pull, files, args }]) => [
                variantName(name, version),
                {
                    ...own,
                    dockerfile: own.dockerfile ?? name,
                    files: { ...own.files, ...files },
                    args: { ...own.args, ...args },
                    pull,
                    version,
                },
            ]),
        ),
    );

let known: ImageList | undefined;

function list(): ImageList {
    known ??= parseImages(readFileSync(repoPath("toolchain", "images", "images.yaml"), "utf8"));
    return known;
}

/** The versions that the configuration can choose from. */
export const versionSets = (): VersionSets => list().versions;

/**
 * The name under which an image is built in a version: {@link imageRecipe} and all that builds know it beside the names
 * of images.yaml.
 * @param version default: the one that the image's own fields make
 */
export function builtAs(name: string, version: string | undefined): string {
    return version === undefined || version === imageRecipe(name).version ? name : variantName(name, version);
}

/** Names of all images of images.yaml, in its order. */
export function imageNames(): string[] {
    return Object.keys(list().images);
}

/** Names of the images that run at one of these places, place by place, each in the order of images.yaml. */
export function imagesThatRunAs(...places: ImagePlace[]): string[] {
    return places.flatMap((place) => imageNames().filter((name) => imageRecipe(name).runs === place));
}

/** What the configuration can name: images that it can have another reference for, and versions. */
export const imageChoices = (): { images: string[]; versions: VersionSets } => ({
    images: imagesThatRunAs("pod", "container"),
    versions: versionSets(),
});

/** The recipe of an image, or of a version of one. @throws Error listing the images there are */
export function imageRecipe(name: string): ImageRecipe {
    const { images, variants } = list();
    const found = images[name] ?? variants[name];
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
