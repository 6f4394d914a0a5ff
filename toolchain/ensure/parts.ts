import type { Cache } from "../cache/cache";
import { labImages, wantedVersions } from "../images/reference";
import { manifestsEntries, type ManifestsEntry } from "../manifests/entry";
import { currentLogin, pulumiSetup, type PulumiSetup } from "../pulumi/home";
import { planPlugins, targetsOf, type PluginPlan } from "../pulumi/plugins";
import { findTool, tool, type FoundTool } from "../tools";
import type { LabNeeds } from "./needs";

/**
 * What the toolchain is wanted for. `preview`: Pulumi with its plugins, and the manifests; it needs neither Docker nor
 * images. `down`: the substrate's tools besides. `test`: the tests' tools and programs besides. `up`: everything that a
 * lab runs.
 */
export type Purpose = "preview" | "up" | "down" | "test";

const TOOLS: Record<Purpose, string[]> = {
    preview: ["pulumi", "kubectl", "clusterctl"],
    up: ["pulumi", "kubectl", "clusterctl"],
    down: ["pulumi", "kubectl", "clusterctl"],
    test: ["pulumi", "kubectl", "clusterctl", "helm", "actionlint"],
};

/** Go targets of a management cluster beside which FKAS's tests run FKAS. */
const TEST_PROGRAMS = ["kube", "etcd"];

/** Names of the command-line tools for a purpose. A preview runs no tool of the substrate. */
export const toolNames = (purpose: Purpose, needs: Pick<LabNeeds, "tools">): string[] => [
    ...TOOLS[purpose],
    ...(purpose === "preview" ? [] : needs.tools),
];

/** Names under which the images are built that a lab has from here. */
export const builtImagesOf = ({ images, moreImages }: Pick<LabNeeds, "images" | "moreImages">): string[] => [
    ...labImages(images).flatMap(({ built }) => built ?? []),
    ...moreImages,
];

/** Everything that one purpose needs, whether it is there or not. */
export interface LabParts {
    /** Command-line tools by name, with the place where each was found. */
    tools: Map<string, FoundTool>;
    /** How Pulumi is called. */
    setup: PulumiSetup;
    plugins: PluginPlan[];
    /** Go targets that are used by themselves. Those inside images are not among them. */
    programs: string[];
    /** Names of the images that are built here. */
    builtImages: string[];
    /** References of the images that somebody else publishes. */
    publishedImages: string[];
    /** Rendered manifests. Of those of a version that is not a part's own, a preview needs the operator's alone. */
    manifests: ManifestsEntry[];
}

/** Looks for what `purpose` needs and decides where each part comes from. Makes nothing. */
export async function partsFor(cache: Cache, purpose: Purpose, needs: LabNeeds): Promise<LabParts> {
    const found = toolNames(purpose, needs).map(async (name) => [name, await findTool(cache, name)] as const);
    const tools = new Map(await Promise.all(found));
    const { where } = tools.get("pulumi") as FoundTool;
    const setup = pulumiSetup(cache, { where, env: process.env, login: currentLogin() });
    const plugins = await planPlugins(cache.root, setup.home, needs.plugins, needs.offline);
    const images = purpose === "up" ? labImages(needs.images) : [];
    const chosen = wantedVersions(needs.images);
    const { bmo } = chosen;
    const programs = new Set([
        ...[...tools].filter(([, { where }]) => where !== "PATH").map(([name]) => tool(name).target),
        ...(purpose === "test" ? TEST_PROGRAMS : []),
        ...targetsOf(plugins),
    ]);
    return {
        tools,
        setup,
        plugins,
        programs: [...programs],
        builtImages: purpose === "up" ? builtImagesOf(needs) : [],
        publishedImages: images.filter(({ built }) => built === undefined).map(({ reference }) => reference),
        manifests: manifestsEntries(purpose === "up" ? chosen : { ...(bmo && { bmo }) }),
    };
}
