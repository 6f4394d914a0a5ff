import type { WantedImages } from "../images/reference";

/** What one lab needs beyond what every lab needs. */
export interface LabNeeds {
    /** Where its images come from. */
    images: WantedImages;
    /** The lab's registry: the key `imageRegistry`. Default: none. */
    registry?: string | undefined;
    /** Images that are built beside those that run in the lab or as its containers. */
    moreImages: readonly string[];
    /** Command-line tools of versions.yaml. */
    tools: readonly string[];
    /** Pulumi plugins that only some labs use. */
    plugins: readonly string[];
    /** Whether Pulumi's own plugins are taken for out of reach without a look into the network. Default: false. */
    offline?: boolean;
}

/** What a lab of the default configuration needs. */
export const NO_MORE: LabNeeds = {
    images: { source: "auto", overrides: {} },
    moreImages: [],
    tools: [],
    plugins: [],
};
