import type { Cache } from "../cache/cache";
import { goBinaryRecipe } from "../go/build";
import { haveImage } from "../images/build";
import { imageRecipe, imagesBefore } from "../images/recipes";
import { builtReference } from "../images/reference";
import { manifestsRecipe } from "../manifests/entry";
import type { LabParts } from "./parts";

/** The parts that are neither in the cache nor in Docker, with all that they are made from. */
export interface Missing {
    /** Go targets, in the order in which they should be compiled. */
    programs: string[];
    /** Names of images to build. */
    images: string[];
    /** Whether the manifests have to be rendered. */
    manifests: boolean;
    /** Steps that making all of it will show. */
    steps: number;
}

/**
 * Programs that are compiled first, in this order: the largest image waits for `kube`, and the other two take so long
 * that they should not begin last.
 */
const FIRST = ["kube", "pulumi", "pulumi-resource-kubernetes"];

/** Puts the programs of {@link FIRST} first and keeps the others' order. */
export function compileOrder(programs: readonly string[]): string[] {
    return [...FIRST.filter((name) => programs.includes(name)), ...programs.filter((name) => !FIRST.includes(name))];
}

/**
 * The images that Docker lacks among these and those beneath or inside them. What is beneath or inside one that is
 * there is not looked for.
 */
async function missingImages(
    names: readonly string[],
    have: (reference: string) => Promise<boolean>,
): Promise<string[]> {
    const missing = new Set<string>();
    const visit = async (name: string): Promise<void> => {
        if (missing.has(name) || (await have(builtReference(name)))) {
            return;
        }
        missing.add(name);
        for (const before of imagesBefore(name)) {
            await visit(before);
        }
    };
    for (const name of names) {
        await visit(name);
    }
    return [...missing];
}

/** Looks for every part. Makes nothing. @param have whether Docker has an image, for tests */
export async function missingParts(
    cache: Cache,
    parts: Pick<LabParts, "programs" | "builtImages" | "publishedImages" | "plugins" | "manifests">,
    have = haveImage,
): Promise<Missing> {
    const lacks = async (recipe: ReturnType<typeof goBinaryRecipe>): Promise<boolean> =>
        (await cache.stateOf(recipe)).state !== "present";
    const images = await missingImages(parts.builtImages, have);
    const wanted = new Set([...parts.programs, ...images.flatMap((name) => imageRecipe(name).binaries)]);
    const programs: string[] = [];
    for (const name of wanted) {
        if (await lacks(goBinaryRecipe(name))) {
            programs.push(name);
        }
    }
    const there = await Promise.all(parts.publishedImages.map(have));
    const pulls = there.filter((has) => !has).length;
    const lacking = await Promise.all(parts.manifests.map((entry) => lacks(manifestsRecipe(entry))));
    const manifests = lacking.includes(true);
    const plugins = parts.plugins.some((plan) => !plan.there);
    return {
        programs: compileOrder(programs),
        images,
        manifests,
        steps: programs.length + images.length + pulls + Number(manifests) + Number(plugins),
    };
}
