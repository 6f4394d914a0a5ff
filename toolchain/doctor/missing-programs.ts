import { existsSync } from "node:fs";
import type { Cache } from "../cache/cache";
import { missingParts } from "../ensure/missing";
import type { LabNeeds } from "../ensure/needs";
import { builtImagesOf, toolNames } from "../ensure/parts";
import { currentLogin, pulumiSetup } from "../pulumi/home";
import { installedPlugin, pluginsHome, targetsOf, wantedPlugins } from "../pulumi/plugins";
import { findTool, tool } from "../tools";

/**
 * The Go targets that `npm run up` would build: those of its tools, of the plugins that are not installed, and of the
 * images that Docker lacks. A program that the cache lacks is not among them where the image that holds it is there.
 * Asks no network: a plugin that can be downloaded is not built.
 * @param have whether Docker has an image
 */
export async function missingPrograms(
    cache: Cache,
    needs: LabNeeds,
    have: (reference: string) => Promise<boolean>,
): Promise<ReadonlySet<string>> {
    const found = toolNames("up", needs).map(async (name) => [name, await findTool(cache, name)] as const);
    const tools = new Map(await Promise.all(found));
    const { where = "nowhere" } = tools.get("pulumi") ?? {};
    const home = pluginsHome(pulumiSetup(cache, { where, env: process.env, login: currentLogin() }).home);
    const plugins = wantedPlugins(needs.plugins).map(({ name, version }) => ({
        name,
        version,
        do: "ours" as const,
        there: existsSync(installedPlugin(home, name, version)),
    }));
    const { programs } = await missingParts(
        cache,
        {
            programs: [
                ...[...tools].filter(([, found]) => found.where !== "PATH").map(([name]) => tool(name).target),
                ...targetsOf(plugins.filter(({ there }) => !there)),
            ],
            builtImages: builtImagesOf(needs),
            publishedImages: [],
            plugins,
            manifests: [],
        },
        have,
    );
    return new Set(programs);
}
