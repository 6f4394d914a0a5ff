import { loadIntoNode } from "./node-images";
import { required } from "./required";
import { runMain } from "./stdin";

/**
 * Copies images from Docker's store into the containerd of a node that is a container. The program runs it
 * (LoadedImages), with NODE_CONTAINER (name of the node's container) and IMAGES (references, separated by blanks) in
 * its environment.
 */
const main = (): Promise<void> =>
    loadIntoNode(required("NODE_CONTAINER"), required("IMAGES").split(" ").filter(Boolean), console.log);

runMain("load-images", main);
