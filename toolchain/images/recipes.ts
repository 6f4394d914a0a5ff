import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { VersionSets } from "../../plan/config/version-sets";
import { repoPath, repoRoot } from "../paths";
import { imageSchema, type ImagePlace, type ImageRecipe } from "./image-recipe";
import { looseSets, partOf, partsOf, variantName, variantsOf, withVersions } from "./image-versions";

export type { ImageRecipe } from "./image-recipe";

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
    const { defaultSet, sets } = result.data;
    const images = mapValues(result.data.images, (recipe) => withVersions(recipe));
    const { parts, uneven } = partsOf(images);
    const versions = { defaultSet, sets, parts };
    const loose = [
        ...Object.entries(images).flatMap(([name, { from, archives }]) => [
            ...(from !== undefined && !(from in images) ? [`${name} is built on ${from}`] : []),
            ...Object.values(archives ?? {}).flatMap((inside) => (inside in images ? [] : [`${name} holds ${inside}`])),
        ]),
        ...uneven,
        ...looseSets(versions),
    ];
    if (loose.length > 0) {
        throw new Error(`${FILE}: ${loose.join("; ")}, which is not listed`);
    }
    return { images, variants: variantsOf(images), versions };
}

const mapValues = <T>(record: Record<string, T>, change: (value: T) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));

let known: ImageList | undefined;

function list(): ImageList {
    known ??= parseImages(readFileSync(repoPath("toolchain", "images", "images.yaml"), "utf8"));
    return known;
}

/** The versions that the configuration can choose from. */
export const versionSets = (): VersionSets => list().versions;

/** The name under which an image is built for a lab that has these versions of parts: {@link builtAs}. */
export const builtWith = (name: string, chosen: Readonly<Record<string, string>>): string =>
    builtAs(name, chosen[partOf(name, imageRecipe(name)) ?? ""]);

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
    images: imagesThatRunAs("pod", "observability", "container"),
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
