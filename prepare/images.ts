import type { LabConfig } from "../plan/config/keys";
import { ipaReference } from "../plan/ipa-files";
import { imagesThatRunAs } from "../toolchain/images/recipes";
import { builtReference, imageReference, labImages } from "../toolchain/images/reference";

/** Images of a pair. */
const PAIR_IMAGES = ["sushy-tools", "fake-ipa"];

/** Names and pinned references of every image of the lab, by where they come from. */
export class Images {
    constructor(
        private readonly config: LabConfig["images"],
        private readonly ipaFiles?: LabConfig["ipa"],
        /** Whether the fake nodes are pods. Their images are then images of pods, too. */
        private readonly pairsInCluster = false,
    ) {}

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

    /** The image server's image with the files of the Ironic Python agent. Undefined: the lab has none of those. */
    ipa(): string | undefined {
        return this.ipaFiles && ipaReference(this.ipaFiles, this.reference("image-server"));
    }

    /** References of all images that run as pods: they must be in every node of the management cluster. */
    inCluster(): string[] {
        const ipa = this.ipa();
        const names = [...imagesThatRunAs("pod"), ...(this.pairsInCluster ? PAIR_IMAGES : [])];
        return [...names.map((name) => this.reference(name)), ...(ipa === undefined ? [] : [ipa])];
    }
}
