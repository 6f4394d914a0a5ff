import { join } from "node:path";
import { ensureManifests, type ManifestsEntry } from "../manifests/entry";
import type { PulumiSetup } from "../pulumi/home";
import {
    LANGUAGE_HOST,
    ensurePlugins,
    ensurePulumiWithHost,
    ensureReplacements,
    targetsOf,
    type PluginsOptions,
} from "../pulumi/plugins";
import type { Toolchain } from "../toolchain";
import { binDir, linkCommand, onForeignPath, tool, type FoundTool } from "../tools";
import type { LabParts } from "./parts";

/**
 * A tool from PATH, else the one built here, linked into the lab's bin folder.
 * @returns the path by which it is to be called
 */
export async function provideTool(toolchain: Toolchain, name: string, found: FoundTool): Promise<string> {
    if (found.where === "PATH") {
        await linkCommand(toolchain.cache, name, undefined);
        return found.path;
    }
    const binary = await toolchain.binary(tool(name).target);
    // A Pulumi built here is linked together with its language host, by provideLanguageHost.
    if (name !== "pulumi") {
        await linkCommand(toolchain.cache, name, binary);
    }
    // The link, not the binary: the one that holds all of Kubernetes acts by the name it is called by.
    return join(binDir(toolchain.cache), name);
}

/** A Pulumi built here gets the language host beside it. A person's own brings one, unless it was built from source. */
async function provideLanguageHost(toolchain: Toolchain, setup: PulumiSetup, options: PluginsOptions): Promise<void> {
    const { cache } = toolchain;
    if (!setup.own) {
        const dir = await ensurePulumiWithHost(cache, await toolchain.binary("pulumi"), options);
        for (const name of ["pulumi", LANGUAGE_HOST]) {
            await linkCommand(cache, name, join(dir, name));
        }
        return;
    }
    const theirs = onForeignPath(cache, LANGUAGE_HOST);
    const ours = theirs === undefined ? join(await ensureReplacements(cache, options), LANGUAGE_HOST) : undefined;
    await linkCommand(cache, LANGUAGE_HOST, ours);
}

/** The plugins that Pulumi needs for the lab's program, and its language host. */
export async function providePlugins(
    toolchain: Toolchain,
    pulumi: string,
    { setup, plugins }: LabParts,
): Promise<void> {
    const { cache, progress, signal } = toolchain;
    const options: PluginsOptions = {
        cache,
        pulumi,
        pulumiHome: setup.home,
        buildFromSource: (target) => toolchain.binary(target),
        log: toolchain.log("plugins"),
        notice: (text) => progress.line(text),
        signal,
    };
    await provideLanguageHost(toolchain, setup, options);
    // Compiling a provider has a step of its own and is not part of this step's time.
    await toolchain.all(targetsOf(plugins).map((target) => toolchain.binary(target)));
    if (plugins.every(({ there }) => there)) {
        await ensurePlugins(plugins, options);
        return;
    }
    await progress.step("Pulumi's plugins", (step) =>
        ensurePlugins(plugins, { ...options, doing: step.doing, notice: step.notice }),
    );
}

/** The rendered manifests. @param missing whether any have to be rendered, which is a step of its own */
export async function provideManifests(
    toolchain: Toolchain,
    kubectl: string,
    entries: readonly ManifestsEntry[],
    missing: boolean,
): Promise<void> {
    const { cache, progress, signal } = toolchain;
    const provide = async (notice?: (text: string) => void): Promise<void> => {
        for (const entry of entries) {
            const options = { cache, kubectl, log: toolchain.log("manifests"), signal };
            await ensureManifests(entry, notice === undefined ? options : { ...options, notice });
        }
    };
    if (!missing) {
        await provide();
        return;
    }
    await progress.step("manifests of Cluster API and the bare-metal operator", (step) => provide(step.notice));
}
