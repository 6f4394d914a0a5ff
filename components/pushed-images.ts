import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { ImageReferences } from "../plan/image-reference";

export interface PushedImagesArgs {
    images: ImageReferences;
}

/**
 * The images of a lab in its registry: by `docker push`, with the login of whoever runs the
 * program. Once it is made, every reference of `images` below the registry can be pulled. Makes nothing without one.
 */
export class PushedImages extends pulumi.ComponentResource {
    constructor(name: string, { images }: PushedImagesArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:PushedImages", name, {}, opts);
        const wanted = images.forRegistry();
        if (wanted.length > 0) {
            new command.local.Command(
                name,
                {
                    create: "node --import tsx tasks/push-images.ts",
                    environment: { IMAGES: JSON.stringify(wanted) },
                },
                { parent: this, customTimeouts: { create: "60m", update: "60m" } },
            );
        }
        this.registerOutputs({ count: wanted.length });
    }
}

/** What has to be there before a cluster can pull: nothing without a registry, and no component then. */
export const pushedImages = (images: ImageReferences, opts: pulumi.ComponentResourceOptions): PushedImages[] =>
    images.forRegistry().length === 0 ? [] : [new PushedImages("pushed-images", { images }, opts)];
