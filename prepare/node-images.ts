import * as pulumi from "@pulumi/pulumi";
import type { LayerContext } from "../components/context";
import { imagesOfNode } from "../plan/image-reference";
import { loadIntoNode } from "../tasks/node-images";
import { imagesInNode } from "../toolchain/docker/node-images";

/**
 * Copies images into the nodes of a lab that is there, where somebody has removed them from one (`crictl rmi`). Pulumi
 * does so only when an image or the node changes, and pods would wait for ever: there is no registry to pull from.
 * What is in a registry of the lab's is left to kubelet, which pulls it, and may not even be pushed at this moment.
 */
export async function restoreNodeImages({ plan, images }: LayerContext): Promise<void> {
    const inRegistry = new Set(images.forRegistry().map(({ reference }) => reference));
    const copied = imagesOfNode(images).filter((image) => !inRegistry.has(image));
    for (const name of plan.substrate.copiedInto) {
        // A node that is made just now is not there yet: it gets its images as one of the lab's resources.
        const isThere = await imagesInNode(name).then(
            () => true,
            () => false,
        );
        if (isThere) {
            await loadIntoNode(name, copied, (text) => void pulumi.log.info(text));
        }
    }
}
