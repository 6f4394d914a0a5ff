import { fullReference } from "../plan/image-reference";
import { imagesInNode } from "../toolchain/docker/node-images";
import { ensureInDocker } from "./docker-images";

/** Longest copy of all images, milliseconds. */
const TIMEOUT_MS = 10 * 60 * 1000;

/**
 * Copies those of the images into the containerd of a node that it does not have, from Docker's store.
 * @param node name of the node's container
 * @param say told how many images were copied; not called when none is missing
 * @throws Error when the node does not run, or Docker lacks an image
 */
export async function loadIntoNode(
    node: string,
    images: readonly string[],
    say: (text: string) => void,
): Promise<void> {
    const present = await imagesInNode(node);
    const missing = images.filter((image) => !present.has(fullReference(image)));
    if (missing.length === 0) {
        return;
    }
    for (const image of missing) {
        await ensureInDocker(image);
    }
    const { execa } = await import("execa");
    const started = Date.now();
    await execa("docker", ["save", ...missing], { timeout: TIMEOUT_MS, buffer: false, encoding: "buffer" }).pipe(
        "docker",
        ["exec", "--interactive", node, "ctr", "--namespace", "k8s.io", "images", "import", "-"],
        { timeout: TIMEOUT_MS },
    );
    const seconds = Math.round((Date.now() - started) / 1000);
    say(`${missing.length} of ${images.length} images were missing in ${node}, and were copied in ${seconds} s`);
}
