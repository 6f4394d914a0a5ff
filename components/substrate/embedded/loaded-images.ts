import * as command from "@pulumi/command";
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { imagesOfNode, type ImageReferences } from "../../../plan/image-reference";

export interface LoadedImagesArgs {
    images: ImageReferences;
    node: docker.Container;
    /** The lab's registry: the key `imageRegistry`. Undefined: there is none. */
    registry: string | undefined;
    /** Address of the machine on the provisioning network, where nodes find a registry of its loopback interface. */
    gateway: string;
    /** Resources after which the images are there, or copies into other nodes for which this one waits. */
    after: pulumi.Resource[];
}

/**
 * The images that run in the embedded cluster, in the containerd of one node: pulled from the lab's registry, or copied
 * from Docker's store where it has none. Done anew when an image or the node changes.
 */
export class LoadedImages extends pulumi.ComponentResource {
    constructor(name: string, args: LoadedImagesArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:LoadedImages", name, {}, opts);
        const { images, node, registry, gateway, after } = args;
        new command.local.Command(
            name,
            {
                create: "node --import tsx tasks/load-images.ts",
                environment: {
                    NODE_CONTAINER: node.name,
                    IMAGES: imagesOfNode(images).join(" "),
                    ...(registry === undefined ? {} : { REGISTRY: registry, GATEWAY: gateway }),
                },
                triggers: [node.id],
            },
            { parent: this, dependsOn: after, customTimeouts: { create: "45m", update: "45m" } },
        );
        this.registerOutputs({});
    }
}
