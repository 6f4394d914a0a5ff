import * as command from "@pulumi/command";
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { ImageReferences } from "../../../plan/image-reference";

export interface LoadedImagesArgs {
    images: ImageReferences;
    node: docker.Container;
    /** Copies into other nodes for which this one waits. Default: none. */
    after?: pulumi.Resource[];
}

/**
 * The images that run in the embedded cluster, copied from Docker's store into the containerd of one node: there is no
 * container registry to pull them from. Copied anew when an image or the node changes.
 */
export class LoadedImages extends pulumi.ComponentResource {
    constructor(name: string, { images, node, after = [] }: LoadedImagesArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:LoadedImages", name, {}, opts);
        const references = images.inCluster();
        new command.local.Command(
            name,
            {
                create: "node --import tsx tasks/load-images.ts",
                environment: { NODE_CONTAINER: node.name, IMAGES: references.join(" ") },
                triggers: [node.id],
            },
            { parent: this, dependsOn: after, customTimeouts: { create: "15m", update: "15m" } },
        );
        this.registerOutputs({});
    }
}
