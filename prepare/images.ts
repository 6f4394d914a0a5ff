import type { LabConfig } from "../plan/config/keys";
import { imagesThatRunAs } from "../toolchain/images/recipes";
import { builtReference, imageReference, labImages } from "../toolchain/images/reference";

/** Names and pinned references of every image of the lab, by where they come from. */
export class Images {
    constructor(private readonly config: LabConfig["images"]) {}

    /**
     * The pinned reference of an image: the user's own if there is one, else the one of the configured source.
     * @throws Error listing the images there are, when `name` is none of them
     */
    reference(name: string): string {
        return imageReference(name, this.config);
    }

    /** References of all images that are built on this machine, as the checkout has them now. */
    built(): string[] {
        return [...labImages(this.config)]
            .filter(([name, reference]) => reference === builtReference(name))
            .map(([, reference]) => reference);
    }

    /** References of all images that run as pods: they must be in every node of the management cluster. */
    inCluster(): string[] {
        return imagesThatRunAs("pod").map((name) => this.reference(name));
    }
}
