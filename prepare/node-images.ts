import * as pulumi from "@pulumi/pulumi";
import type { LayerContext } from "../components/context";
import { imagesOfNode } from "../plan/image-reference";
import { loadIntoNode } from "../tasks/node-images";
import { imagesInNode } from "../toolchain/docker/node-images";

/**
 * Brings images into the nodes of a lab that is there, where somebody has removed them from one (`crictl rmi`). Pulumi
 * does so only when an image or the node changes, and pods would wait for ever where there is no registry to pull from.
 */
export async function restoreNodeImages({ config, plan, images }: LayerContext): Promise<void> {
    const { imageRegistry: prefix } = config;
    const { substrate } = plan;
    const registry =
        prefix === undefined || !("gateway" in substrate) ? undefined : { prefix, gateway: substrate.gateway };
    for (const name of substrate.copiedInto) {
        // A node that is made just now is not there yet: it gets its images as one of the lab's resources.
        const isThere = await imagesInNode(name).then(
            () => true,
            () => false,
        );
        if (isThere) {
            await loadIntoNode(name, imagesOfNode(images), (text) => void pulumi.log.info(text), registry);
        }
    }
}
