import { loadImages } from "./minikube/images";
import { required } from "./required";
import { runMain } from "./stdin";

/**
 * Copies images from Docker's store into minikube's machine. The program runs it (MachineImages), with MINIKUBE_PROFILE
 * and IMAGES (references, separated by blanks) in its environment.
 */
const main = (): Promise<void> =>
    loadImages(required("MINIKUBE_PROFILE"), required("IMAGES").split(" ").filter(Boolean), console.log);

runMain("minikube-images", main);
