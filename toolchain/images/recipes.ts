import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { contentOf, keyOf } from "../cache/keys";
import { goKey, goTarget } from "../go/targets";
import { repoPath, repoRoot } from "../paths";
import { versions } from "../versions";

const imageSchema = z.strictObject({
    /** The same image as upstream publishes it, pinned by tag or digest; none where upstream has none. */
    pull: z.string().optional(),
    /** A Debian tree made by debootstrap; then nothing else is given. */
    debootstrap: z.strictObject({ suite: z.string(), include: z.array(z.string()).default([]) }).optional(),
    /** Folder of the Dockerfile beneath toolchain/images. Default: the image's name. */
    dockerfile: z.string().optional(),
    /** Image this one is built on, by its name here; its reference is the build argument BASE. */
    from: z.string().optional(),
    /** Targets of toolchain/go/targets.yaml, copied into the context under their names. */
    binaries: z.array(z.string()).default([]),
    /** Files or folders of the checkout, copied into the context: place in the context → path in the checkout. */
    files: z.record(z.string(), z.string()).default({}),
    /** Programs in TypeScript, bundled into one file: place in the context → entry point, and the folders whose files change the result. */
    bundles: z
        .record(z.string(), z.strictObject({ entry: z.string(), inputs: z.array(z.string()).min(1) }))
        .default({}),
    /** Files out of npm packages: place in the context → package, version, its integrity as in a package-lock.json, and the file in it. */
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
    /** Build arguments. */
    args: z.record(z.string(), z.string()).default({}),
});

/** How one image is made. */
export type ImageRecipe = z.infer<typeof imageSchema>;

let known: Record<string, ImageRecipe> | undefined;

/** Reads the text of images.yaml. @throws Error naming every problem at once */
export function parseImages(text: string): Record<string, ImageRecipe> {
    const result = z
        .strictObject({ images: z.record(z.string().regex(/^[a-z0-9-]+$/), imageSchema) })
        .safeParse(parse(text));
    if (!result.success) {
        throw new Error(
            `toolchain/images/images.yaml: ${result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ")}`,
        );
    }
    const { images } = result.data;
    const loose = Object.entries(images).flatMap(([name, image]) =>
        image.from !== undefined && !(image.from in images) ? [`${name} is from ${image.from}`] : [],
    );
    if (loose.length > 0) {
        throw new Error(`toolchain/images/images.yaml: ${loose.join("; ")}, which is not listed`);
    }
    return images;
}

function recipes(): Record<string, ImageRecipe> {
    known ??= parseImages(readFileSync(repoPath("toolchain", "images", "images.yaml"), "utf8"));
    return known;
}

/** Names of all images of toolchain/images/images.yaml. */
export function imageNames(): string[] {
    return Object.keys(recipes());
}

/** The recipe of an image. @throws Error listing the images there are */
export function imageRecipe(name: string): ImageRecipe {
    const found = recipes()[name];
    if (found === undefined) {
        throw new Error(`there is no image "${name}": toolchain/images/images.yaml has ${imageNames().join(", ")}`);
    }
    return found;
}

/** The Dockerfile's folder of an image. */
export function dockerfileDir(name: string, root = repoRoot): string {
    return join(root, "toolchain", "images", imageRecipe(name).dockerfile ?? name);
}

/** All that the content of a built image follows from, apart from the package registries' own files. */
export function imageInputs(name: string, recipe: ImageRecipe, root = repoRoot): unknown {
    return {
        name,
        // Where upstream's is has no influence on ours.
        recipe: { ...recipe, pull: undefined },
        dockerfile: recipe.debootstrap
            ? "debootstrap"
            : contentOf(join(root, "toolchain", "images", recipe.dockerfile ?? name)),
        from: recipe.from === undefined ? "" : keyOf(imageInputs(recipe.from, imageRecipe(recipe.from), root)),
        binaries: recipe.binaries.map((binary) => goKey(goTarget(binary), versions().go.version, root)),
        files: Object.values(recipe.files).map((path) => contentOf(join(root, path))),
        bundles: Object.values(recipe.bundles).map((bundle) =>
            bundle.inputs.map((path) => contentOf(join(root, path))),
        ),
    };
}

const references = new Map<string, string>();

/** The reference of an image built here: `metal3-scale-lab/<name>:<12 hex digits of its recipe>`. */
export function builtReference(name: string): string {
    let found = references.get(name);
    if (found === undefined) {
        found = `metal3-scale-lab/${name}:${keyOf(imageInputs(name, imageRecipe(name)))}`;
        references.set(name, found);
    }
    return found;
}
