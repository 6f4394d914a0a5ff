import { compareVersions } from "../../plan/compare-versions";
import type { VersionSets } from "../../plan/config/version-sets";
import { goTarget, goVariants, type GoTarget } from "../go/targets";
import type { ImageRecipe } from "./image-recipe";

/** Where the versions of an image's program are looked for. */
interface Programs {
    own: (name: string) => GoTarget;
    further: (name: string) => readonly GoTarget[];
}

type Images = Record<string, ImageRecipe>;

/** Where a version of an image can come from. */
type Sources = Pick<ImageRecipe, "pull" | "build">;

/** An image of a part, with where each of its versions comes from. */
interface PartImage {
    name: string;
    sources: Map<string, Sources>;
}

const PROGRAMS: Programs = { own: goTarget, further: goVariants };

const bare = (version: string): string => version.replace(/^v/, "");

/**
 * An image of a part that names no versions itself has those of its first program (toolchain/go/targets.yaml). In
 * `pull`, `${version}` stands for the version.
 */
export function withVersions(recipe: ImageRecipe, { own, further }: Programs = PROGRAMS): ImageRecipe {
    const [binary] = recipe.binaries;
    if (recipe.part === undefined || recipe.version !== undefined || binary === undefined) {
        return recipe;
    }
    const pull = (version: string): string | undefined => recipe.pull?.replaceAll("${version}", version);
    const version = bare(own(binary).version);
    const others = further(binary).map((target): [string, NonNullable<ImageRecipe["versions"]>[string]] => {
        const its = bare(target.version);
        return [its, { pull: pull(its), files: {}, args: {}, program: target.name }];
    });
    return { ...recipe, pull: pull(version), version, versions: Object.fromEntries(others) };
}

/** Name of the part whose version an image follows. Undefined: its version cannot be chosen. */
export const partOf = (name: string, { part, version }: ImageRecipe): string | undefined =>
    version === undefined ? undefined : (part ?? name);

/** Versions of each part, and where images of one part do not have the same, what is wrong. */
export function partsOf(images: Images): { parts: VersionSets["parts"]; uneven: string[] } {
    const byPart = new Map<string, PartImage[]>();
    for (const [name, recipe] of Object.entries(images)) {
        const part = partOf(name, recipe);
        if (part !== undefined && recipe.version !== undefined) {
            const sources = new Map<string, Sources>([
                [recipe.version, recipe],
                ...Object.entries(recipe.versions ?? {}),
            ]);
            byPart.set(part, [...(byPart.get(part) ?? []), { name, sources }]);
        }
    }
    const parts: Record<string, VersionSets["parts"][string]> = {};
    const uneven: string[] = [];
    for (const [part, its] of byPart) {
        const all = [...new Set(its.flatMap(({ sources }) => [...sources.keys()]))].sort(compareVersions);
        uneven.push(
            ...its.flatMap(({ name, sources }) =>
                all.filter((version) => !sources.has(version)).map((version) => `${part} needs ${name} ${version}`),
            ),
        );
        const namesOf = (version: string, is: (image: PartImage, its: Sources | undefined) => boolean): string[] =>
            its.filter((image) => is(image, image.sources.get(version))).map(({ name }) => name);
        parts[part] = all.map((version) => ({
            version,
            unpublished: namesOf(version, (image, its) => its?.pull === undefined && isPublished(image)),
            unbuilt: namesOf(version, (_, its) => its?.build === false),
        }));
    }
    return { parts, uneven };
}

/** Whether upstream publishes the image in any version. One that it never does is built with every source. */
const isPublished = ({ sources }: PartImage): boolean => [...sources.values()].some(({ pull }) => pull !== undefined);

/** Sets that name what is not there. */
export function looseSets({ defaultSet, sets, parts }: VersionSets): string[] {
    const unlisted = Object.entries(sets).flatMap(([set, versions]) =>
        Object.entries(versions)
            .filter(([part, wanted]) => !parts[part]?.some(({ version }) => version === wanted))
            .map(([part, wanted]) => `the set ${set} has ${part} ${wanted}`),
    );
    return [...unlisted, ...(defaultSet === "" || defaultSet in sets ? [] : [`the default set is ${defaultSet}`])];
}

/** Name under which the version of an image is built. Names of images have no dots. */
export const variantName = (name: string, version: string): string => `${name}-${version}`;

/** Recipes of the versions that are not an image's own, by the name under which they are built. */
export const variantsOf = (images: Images): Images =>
    Object.fromEntries(
        Object.entries(images).flatMap(([name, { versions = {}, ...own }]) =>
            Object.entries(versions).map(([version, { pull, files, args, program, build }]) => [
                variantName(name, version),
                {
                    ...own,
                    dockerfile: own.dockerfile ?? name,
                    binaries: program === undefined ? own.binaries : [program, ...own.binaries.slice(1)],
                    files: { ...own.files, ...files },
                    args: { ...own.args, ...args },
                    pull,
                    build,
                    version,
                },
            ]),
        ),
    );
