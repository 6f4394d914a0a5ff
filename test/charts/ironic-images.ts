import { builtAs, imageRecipe } from "../../toolchain/images/recipes";
import { builtImage } from "../lab-image";

/** The image of Ironic, and those of its other versions that this machine has, each by the name it is built under. */
export const IRONIC_IMAGES = [
    "ironic",
    ...Object.keys(imageRecipe("ironic").versions ?? {})
        .map((version) => builtAs("ironic", version))
        .filter((name) => builtImage(name) !== undefined),
];
