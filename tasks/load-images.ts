import { loadIntoNode } from "./node-images";
import { registryOfEnvironment } from "./registry/environment";
import { required } from "./required";
import { runMain } from "./stdin";

/**
 * Brings images into the containerd of a node that is a container. The program runs it (LoadedImages), with
 * NODE_CONTAINER (name of the node's container) and IMAGES (references, separated by blanks) in its environment; and
 * with REGISTRY and GATEWAY, where the lab has a registry.
 */
const main = (): Promise<void> =>
    loadIntoNode(
        required("NODE_CONTAINER"),
        required("IMAGES").split(" ").filter(Boolean),
        console.log,
        registryOfEnvironment(),
    );

runMain("load-images", main);
