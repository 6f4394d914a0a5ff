import { fullReference } from "../plan/image-reference";
import { ensureInDocker } from "./docker-images";
import { required } from "./required";
import { runMain } from "./stdin";

/** Longest run of one `docker` command, milliseconds. */
const TIMEOUT_MS = 10 * 60 * 1000;

/**
 * Copies images from Docker's store into the containerd of a node that is a container. The program runs it
 * (LoadedImages), with NODE_CONTAINER (name of the node's container) and IMAGES (references, separated by blanks) in
 * its environment.
 */
async function main(): Promise<void> {
    const { execa } = await import("execa");
    const node = required("NODE_CONTAINER");
    const images = required("IMAGES").split(" ").filter(Boolean);
    const present = new Set(
        (await execa("docker", ["exec", node, "ctr", "--namespace", "k8s.io", "images", "ls", "--quiet"])).stdout.split(
            "\n",
        ),
    );
    const missing = images.filter((image) => !present.has(fullReference(image)));
    console.log(`${images.length - missing.length} of ${images.length} images are in ${node} already`);
    if (missing.length === 0) {
        return;
    }
    for (const image of missing) {
        await ensureInDocker(image);
    }
    const started = Date.now();
    await execa("docker", ["save", ...missing], { timeout: TIMEOUT_MS, buffer: false, encoding: "buffer" }).pipe(
        "docker",
        ["exec", "--interactive", node, "ctr", "--namespace", "k8s.io", "images", "import", "-"],
        { timeout: TIMEOUT_MS },
    );
    console.log(`${missing.length} images copied into ${node} in ${Math.round((Date.now() - started) / 1000)} s`);
}

runMain("load-images", main);
