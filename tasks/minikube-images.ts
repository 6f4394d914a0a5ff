import { loadImages } from "./minikube/images";
import { registryOfEnvironment } from "./registry/environment";
import { required } from "./required";
import { runMain } from "./stdin";

/**
 * Brings images into minikube's machine. The program runs it (MachineImages), with MINIKUBE_PROFILE and IMAGES
 * (references, separated by blanks) in its environment; and with REGISTRY and GATEWAY, where the lab has a registry.
 */
const main = (): Promise<void> =>
    loadImages(
        required("MINIKUBE_PROFILE"),
        required("IMAGES").split(" ").filter(Boolean),
        console.log,
        registryOfEnvironment(),
    );

runMain("minikube-images", main);
