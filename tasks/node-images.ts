import { copiedImage, fullReference } from "../plan/image-reference";
import { imagesInNode } from "../toolchain/docker/node-images";
import { run } from "../toolchain/run";
import { CTR, renamesInNode, withTags } from "./docker-images";
import { pullInNode, type NodeRegistry } from "./registry/pull";

/** Longest copy of all images, milliseconds. */
const TIMEOUT_MS = 30 * 60 * 1000;

/** How often the copy tells that it is at work, milliseconds. */
const PROGRESS_MS = 15_000;

/**
 * Brings those of the images into the containerd of a node that it does not have: from the lab's registry what the node
 * can pull there, and everything else from Docker's store.
 * @param node name of the node's container
 * @param say told how many images were pulled and copied, and from time to time that they are being copied; not called
 * when none is missing
 * @param registry default: the lab has none
 * @throws Error when the node does not run, or Docker lacks an image
 */
export async function loadIntoNode(
    node: string,
    images: readonly string[],
    say: (text: string) => void,
    registry?: NodeRegistry,
): Promise<void> {
    const present = await imagesInNode(node);
    const absent = images.filter((image) => !present.has(fullReference(image)));
    const inNode = (command: readonly string[], input?: string): Promise<string> =>
        run("docker", ["exec", "--interactive", node, ...command], {
            timeoutMs: TIMEOUT_MS,
            ...(input === undefined ? {} : { input }),
        });
    const missing = registry === undefined ? absent : await pullInNode(inNode, registry, absent, say);
    if (missing.length === 0) {
        return;
    }
    const { execa } = await import("execa");
    const started = Date.now();
    const copied = missing.map(copiedImage);
    const seconds = (): number => Math.round((Date.now() - started) / 1000);
    const progress = setInterval(
        () => say(`${missing.length} of ${images.length} images are being copied into ${node}, ${seconds()} s so far`),
        PROGRESS_MS,
    );
    const copying = withTags(copied, async (names) => {
        await execa("docker", ["save", ...names], { timeout: TIMEOUT_MS, buffer: false, encoding: "buffer" }).pipe(
            "docker",
            ["exec", "--interactive", node, ...CTR, "import", "-"],
            { timeout: TIMEOUT_MS },
        );
    });
    await copying.finally(() => clearInterval(progress));
    for (const command of copied.flatMap(renamesInNode)) {
        await inNode(command);
    }
    say(`${missing.length} of ${images.length} images were missing in ${node}, and were copied in ${seconds()} s`);
}
