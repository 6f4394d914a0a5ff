import { join } from "node:path";
import { chosenVersions } from "../../plan/config/version-sets";
import { contentOf, keyOf } from "../cache/keys";
import { goKey, goTarget } from "../go/targets";
import { repoRoot } from "../paths";
import { versions } from "../versions";
import { builtWith, dockerfileDir, imageRecipe, imagesThatRunAs, versionSets, type ImageRecipe } from "./recipes";

/**
 * Where images come from: `build` on this machine from package registries, `pull` as upstream publishes them and under
 * upstream's references, or `auto`: pulled where upstream's registries are reached, and built where they are not, under
 * the same reference.
 */
export type ImageSource = "auto" | "build" | "pull";

/** What a stack's configuration says of images. */
export interface WantedImages {
    source: ImageSource;
    /** Image name → the user's own reference. */
    overrides: Record<string, string>;
    /** Part → version, of the parts whose version can be chosen. Default: those of the default set. */
    versions?: Readonly<Record<string, string>>;
    /** The key `observability`: whether the lab has the images that only labs with it have. Default: it has not. */
    observability?: boolean;
}

/** Fields that say which version a recipe makes, and not how. */
const WITHOUT_VERSIONS = { part: undefined, version: undefined, versions: undefined, build: undefined };

/** All that the content of a built image follows from, apart from the files that package registries serve. */
export function imageInputs(name: string, recipe: ImageRecipe, root = repoRoot): unknown {
    const contentAt = (path: string): Record<string, string> => contentOf(join(root, path));
    const keyAt = (other: string): string => keyOf(imageInputs(other, imageRecipe(other), root));
    return {
        name,
        // Neither upstream's reference nor the place where an image runs changes what we build; a version does by its
        // files, arguments and program.
        recipe: { ...recipe, pull: undefined, runs: undefined, ...WITHOUT_VERSIONS },
        dockerfile: recipe.debootstrap ? "debootstrap" : contentOf(dockerfileDir(name, recipe, root)),
        from: recipe.from === undefined ? "" : keyAt(recipe.from),
        // Left out where there are none, so that images without archives keep their references.
        archives: recipe.archives && Object.values(recipe.archives).map(keyAt),
        binaries: recipe.binaries.map((binary) => goKey(goTarget(binary), versions().go.version, root)),
        files: Object.values(recipe.files).map(contentAt),
        bundles: Object.values(recipe.bundles).map(({ inputs }) => inputs.map(contentAt)),
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

/** The version of each part that a lab has. */
export const wantedVersions = ({
    versions: chosen,
}: Pick<WantedImages, "versions">): Readonly<Record<string, string>> => chosen ?? chosenVersions({}, versionSets());

/** Where an image of a lab comes from. */
export interface LabImage {
    name: string;
    /** The reference under which the lab uses it. */
    reference: string;
    /** The name under which it is built here. Undefined: it is somebody else's, and pulled. */
    built?: string;
    /** Upstream's reference of what would be built. Undefined: upstream does not publish it. */
    published?: string | undefined;
}

/**
 * Says where a lab has an image from. It follows from files of the checkout alone, so that a preview can ask for it:
 * nothing is built, pulled or looked up. All images together take tens of milliseconds.
 *
 * @param wanted default: no reference is upstream's. With the source `pull`, an image that upstream does not publish
 * keeps the lab's own. What is not built here has upstream's with every source
 * @throws Error when there is no such image, or no such version of it, or when a file it is made from is missing
 */
export function labImage(name: string, wanted: WantedImages = { source: "auto", overrides: {} }): LabImage {
    const built = builtWith(name, wantedVersions(wanted));
    const { pull: published, build } = imageRecipe(built);
    const others = wanted.overrides[name] ?? (wanted.source === "pull" || build === false ? published : undefined);
    return others === undefined
        ? { name, reference: builtReference(built), built, published }
        : { name, reference: others };
}

/** The reference under which the lab uses an image: that of {@link labImage}. */
export const imageReference = (name: string, wanted?: WantedImages): string => labImage(name, wanted).reference;

/** Names of the images that run as pods of a lab. Those of `observability` come last: they come and go. */
export const podImages = ({ observability = false }: Pick<WantedImages, "observability">): string[] =>
    imagesThatRunAs("pod", ...(observability ? (["observability"] as const) : []));

/** The images that a lab with this configuration runs. */
export const labImages = (wanted: WantedImages): LabImage[] =>
    [...podImages(wanted), ...imagesThatRunAs("container")].map((name) => labImage(name, wanted));
