import { builtReference, imageRecipe } from "./recipes";

/** Where images come from: `build` from package registries, `pull` as upstream publishes them. */
export type ImageSource = "build" | "pull";

/**
 * The reference under which the lab uses an image, worked out from files of the checkout alone: nothing is built, pulled or asked, so that a preview can
 * use it. Tens of milliseconds for all images.
 *
 * @param source where the images come from; `pull` counts for those upstream publishes, the others are built all the same. Default `build`
 * @throws Error when there is no such image, or a file it is made from is missing
 */
export function imageReference(name: string, source: ImageSource = "build"): string {
    const { pull } = imageRecipe(name);
    return source === "pull" && pull !== undefined ? pull : builtReference(name);
}
