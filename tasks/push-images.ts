import type { RegistryImage } from "../plan/image-reference";
import { pushImages } from "./registry/push";
import { required } from "./required";
import { runMain } from "./stdin";

/**
 * Pushes images from Docker's store into the lab's registry. The program runs it (PushedImages), with IMAGES (JSON, a
 * list of RegistryImage) in its environment.
 */
const main = (): Promise<void> => pushImages(JSON.parse(required("IMAGES")) as RegistryImage[], console.log);

runMain("push-images", main);
