import { UserError } from "../../plan/user-error";
import type { Recipe } from "../cache/cache";
import type { LabNeeds } from "../ensure/needs";
import { toolNames } from "../ensure/parts";
import { goBinaryRecipe } from "../go/build";
import { builtReference, labImages, wantedVersions } from "../images/reference";
import { manifestsEntries, manifestsRecipe } from "../manifests/entry";
import { replacementsRecipe, targetsFromSource } from "../pulumi/plugins";
import { tool } from "../tools";

/** What a bundle for one lab holds, beside the npm packages. */
export interface BundleContents {
    /** Go targets whose programs are in it. */
    programs: string[];
    /** Entries of the toolchain's cache, the programs among them. */
    entries: Recipe[];
    /** References of the images. */
    images: string[];
}

/**
 * Decides what a bundle holds. It follows from the checkout and from what the lab needs alone: tools and plugins that
 * this machine has from elsewhere are in it all the same, as built here, because the other machine may have none.
 * @throws UserError for an image that is pinned by a digest, by which Docker cannot find it after it was carried
 */
export function bundleContents(needs: LabNeeds): BundleContents {
    const programs = [
        ...new Set([...toolNames("up", needs).map((name) => tool(name).target), ...targetsFromSource(needs.plugins)]),
    ];
    const ofLab = labImages(needs.images).map(({ reference }) => reference);
    const images = [...ofLab, ...needs.moreImages.map(builtReference)];
    const byDigest = images.filter((reference) => reference.includes("@"));
    if (byDigest.length > 0) {
        throw new UserError(
            `a bundle cannot hold an image that is pinned by its digest (${byDigest.join(", ")}): ` +
                "pin it by a tag, or have it in a registry that the other machine reaches",
        );
    }
    return {
        programs,
        entries: [
            ...programs.map(goBinaryRecipe),
            replacementsRecipe(),
            ...manifestsEntries(wantedVersions(needs.images)).map(manifestsRecipe),
        ],
        images: [...new Set(images)],
    };
}
