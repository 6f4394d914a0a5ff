import type { LabConfig } from "../plan/config/keys";
import { chosenVersions } from "../plan/config/version-sets";
import { referenceBelow, type ImageReferences, type RegistryImage } from "../plan/image-reference";
import { ipaReference } from "../plan/ipa-files";
import { fakeNodesOf } from "../plan/reach";
import { imagesThatRunAs, versionSets } from "../toolchain/images/recipes";
import { imageReference, labImages, podImages, wantedVersions, type WantedImages } from "../toolchain/images/reference";

/** Images of a pair. */
const PAIR_IMAGES = ["sushy-tools", "fake-ipa"];

/** Names and pinned references of every image of the lab, by where they come from. */
export class Images implements ImageReferences {
    /** @param registry the key `imageRegistry`. Default: none */
    constructor(
        private readonly config: WantedImages,
        private readonly ipaFiles?: LabConfig["ipa"],
        private readonly registry?: LabConfig["imageRegistry"],
        /** Whether the fake nodes are pods. Their images are then images of pods, too. */
        private readonly pairsInCluster = false,
    ) {}

    /** The images of a lab with this configuration. */
    static of(config: LabConfig): Images {
        const versions = chosenVersions(config, versionSets());
        const wanted = { ...config.images, versions, observability: config.observability };
        return new Images(wanted, config.ipa, config.imageRegistry, fakeNodesOf(config) === "kubernetes");
    }

    /**
     * The pinned reference of an image: the user's own if there is one, else the one below the lab's registry, else the
     * one of the configured source.
     * @throws Error listing the images there are, when `name` is none of them
     */
    reference(name: string): string {
        const local = this.local(name);
        return name in this.config.overrides ? local : this.inRegistry(name, local);
    }

    version(part: string): string | undefined {
        return wantedVersions(this.config)[part];
    }

    /** The reference under which Docker on this machine has an image. */
    local(name: string): string {
        return imageReference(name, this.config);
    }

    private inRegistry(name: string, local: string): string {
        return this.registry === undefined ? local : referenceBelow(this.registry, name, local);
    }

    /** References of all images that are built on this machine, as the checkout has them now. */
    built(): string[] {
        return labImages(this.config)
            .filter(({ built }) => built !== undefined)
            .map(({ reference }) => reference);
    }

    /** The image server's image with the files of the Ironic Python agent, as Docker on this machine has it. */
    private localIpa(): string | undefined {
        return this.ipaFiles && ipaReference(this.ipaFiles, this.local("image-server"));
    }

    /** The image server's image with the files of the Ironic Python agent. Undefined: the lab has none of those. */
    ipa(): string | undefined {
        const local = this.localIpa();
        return local && this.inRegistry("ipa", local);
    }

    /** References of all images that run as pods: they must be in every node of the management cluster. */
    inCluster(): string[] {
        const ipa = this.ipa();
        const names = [...podImages(this.config), ...(this.pairsInCluster ? PAIR_IMAGES : [])];
        return [...names.map((name) => this.reference(name)), ...(ipa === undefined ? [] : [ipa])];
    }

    /** What the lab's registry must have. The user's own references stay where they are. */
    forRegistry(): RegistryImage[] {
        const names = [...podImages(this.config), ...imagesThatRunAs("container")];
        const all = names.map((name) => ({ local: this.local(name), reference: this.reference(name) }));
        const [local, reference] = [this.localIpa(), this.ipa()];
        return [...all, ...(local && reference ? [{ local, reference }] : [])].filter(
            (image) => image.local !== image.reference,
        );
    }
}
