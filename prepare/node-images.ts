import * as pulumi from "@pulumi/pulumi";
import type { LayerContext } from "../components/context";
import { imagesOfNode } from "../plan/image-reference";
import { loadIntoNode } from "../tasks/node-images";
import { imagesInNode } from "../toolchain/docker/node-images";

/**
 * Brings images into the node of a lab that is there, where somebody has removed them from it (`crictl rmi`). Pulumi
 * does so only when an image or the node changes, and pods would wait for ever where there is no registry to pull from.
 */
export async function restoreNodeImages({ config, plan, images }: LayerContext): Promise<void> {
    const { copiedInto: name } = plan.substrate;
    if (name === undefined) {
        return;
    }
    // Of a lab that is made just now there is no node yet: it gets its images as one of its resources.
    const isThere = await imagesInNode(name).then(
        () => true,
        () => false,
    );
    if (isThere) {
        const { imageRegistry: prefix } = config;
        const registry = prefix === undefined ? undefined : { prefix, gateway: plan.substrate.gateway };
        await loadIntoNode(name, imagesOfNode(images), (text) => void pulumi.log.info(text), registry);
    }
}
