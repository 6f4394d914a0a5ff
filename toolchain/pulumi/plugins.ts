import { existsSync } from "node:fs";
import { copyFile, link, mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { replaceFile } from "../../lib/replace-file";
import { buildPlugins } from "../../plugins/build";
import type { Cache, EnsureOptions, Recipe } from "../cache/cache";
import { contentOf, hashFile } from "../cache/keys";
import { repoPath } from "../paths";
import { CommandError, run } from "../run";
import { versions } from "../versions";
import { officialPluginsReachable, pluginAddress, pluginSource } from "./plugin-downloads";

/** Limit of the download of one of Pulumi's plugins. The largest has 60 MB. */
const DOWNLOAD_LIMIT_MS = 10 * 60_000;

/**
 * The Go targets of the plugins that are built from their official source where they cannot be downloaded. All others
 * have a replacement.
 */
const BUILT_FROM_SOURCE: Record<string, string> = {
    kubernetes: "pulumi-resource-kubernetes",
    libvirt: "pulumi-resource-libvirt",
};

/** The cache entry of the replacement plugins: made from their sources, and from the packages bundled with them. */
export function replacementsRecipe(): Recipe {
    return {
        name: "pulumi-plugins",
        inputs: {
            sources: contentOf(repoPath("plugins")),
            packages: contentOf(repoPath("package-lock.json")),
        },
    };
}

/** Builds the replacement plugins. @returns the folder with `pulumi-language-nodejs` and `pulumi-resource-<name>` */
export async function ensureReplacements(cache: Cache, options: EnsureOptions): Promise<string> {
    return cache.ensure(replacementsRecipe(), async (dir) => void (await buildPlugins(dir)), options);
}

/** The file name by which Pulumi finds the language host. */
export const LANGUAGE_HOST = "pulumi-language-nodejs";

/**
 * A folder with the Pulumi CLI built here and our language host side by side, as in Pulumi's own releases. A host that
 * is anywhere else on PATH works as well, but each command warns of it.
 */
export async function ensurePulumiWithHost(cache: Cache, pulumi: string, options: EnsureOptions): Promise<string> {
    const host = join(await ensureReplacements(cache, options), LANGUAGE_HOST);
    // Both paths hold the keys of what they were built from.
    const recipe = { name: "pulumi-with-host", inputs: [basename(dirname(pulumi)), basename(dirname(host))] };
    return cache.ensure(
        recipe,
        async (dir) => {
            await link(pulumi, join(dir, "pulumi")).catch(() => copyFile(pulumi, join(dir, "pulumi")));
            await copyFile(host, join(dir, LANGUAGE_HOST));
        },
        options,
    );
}

/** The folder in which Pulumi keeps plugins. */
export function pluginsHome(pulumiHome: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
    return join(pulumiHome ?? env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"), "plugins");
}

/** Where the plugin of that name and version is, once installed. */
export function installedPlugin(home: string, name: string, version: string): string {
    return join(home, `resource-${name}-v${version}`, `pulumi-resource-${name}`);
}

export interface PluginsOptions extends EnsureOptions {
    cache: Cache;
    /** Path of the Pulumi CLI. */
    pulumi: string;
    /** PULUMI_HOME where it is the lab's own; undefined where a person's own Pulumi is used. */
    pulumiHome: string | undefined;
    /**
     * Builds the Go target of a plugin from its official source; called only where the official plugin cannot be
     * downloaded.
     */
    buildFromSource: (target: string) => Promise<string>;
    log: string;
    doing?: (text: string) => void;
}

interface InstalledByUs {
    [plugin: string]: { sha256: string; of: string };
}

/**
 * Remembers which plugins the lab has put there itself. Those follow the lab's own versions; all others are never
 * touched.
 */
const memoryOf = (home: string): string => join(home, ".metal3-scale-lab.json");

async function readMemory(home: string): Promise<InstalledByUs> {
    return JSON.parse(await readFile(memoryOf(home), "utf8").catch(() => "{}")) as InstalledByUs;
}

async function writeMemory(home: string, memory: InstalledByUs): Promise<void> {
    await mkdir(home, { recursive: true });
    await replaceFile(memoryOf(home), JSON.stringify(memory));
}

/**
 * What is to be done for one plugin: nothing, download Pulumi's own, or make sure that ours is there in its newest
 * version.
 */
export interface PluginPlan {
    name: string;
    version: string;
    do: "nothing" | "download" | "ours";
    /** Something of that name and version is installed already. */
    there: boolean;
}

/**
 * Decides for every plugin. An official plugin that is installed stays. A missing one is downloaded, and where that is
 * impossible ours is installed in its place. The network is asked only if a plugin is missing, and then at most once a
 * day.
 * @param optional names of the optional plugins that the lab uses
 * @param offline whether the network is not asked at all, as if it had not answered
 */
export async function planPlugins(
    root: string,
    pulumiHome: string | undefined,
    optional: readonly string[] = [],
    offline = false,
): Promise<PluginPlan[]> {
    const home = pluginsHome(pulumiHome);
    const source = pluginSource();
    const memory = await readMemory(home);
    const plans: PluginPlan[] = [];
    const wanted = wantedPlugins(optional);
    for (const { name, version } of wanted) {
        const there = existsSync(installedPlugin(home, name, version));
        const ours = there && memory[idOf(name, version)] !== undefined;
        const download = async (): Promise<boolean> =>
            source === "official" ||
            (source === "auto" &&
                !ours &&
                !offline &&
                (await officialPluginsReachable(root, pluginAddress(name, version))));
        const action =
            there && !ours && source !== "replacement" ? "nothing" : (await download()) ? "download" : "ours";
        plans.push({ name, version, do: action, there });
    }
    return plans;
}

/** The plugins of a lab. @param optional names of the optional ones that it uses */
export const wantedPlugins = (optional: readonly string[]) =>
    versions().plugins.filter((plugin) => !plugin.optional || optional.includes(plugin.name));

/** Go targets of a lab's plugins, where none of them can be downloaded. @param optional as in {@link planPlugins} */
export const targetsFromSource = (optional: readonly string[]): string[] =>
    wantedPlugins(optional).flatMap(({ name }) => BUILT_FROM_SOURCE[name] ?? []);

/** Go targets that the plans need built. */
export function targetsOf(plans: readonly PluginPlan[]): string[] {
    return plans.flatMap(({ name, do: action }) => {
        const target = BUILT_FROM_SOURCE[name];
        return action === "ours" && target !== undefined ? [target] : [];
    });
}

const idOf = (name: string, version: string): string => `resource-${name}-v${version}`;

/** Makes sure that Pulumi finds every plugin of the program, as planned. */
export async function ensurePlugins(plans: readonly PluginPlan[], options: PluginsOptions): Promise<void> {
    for (const plan of plans) {
        if (plan.do === "nothing") {
            continue;
        }
        if (plan.do === "download") {
            options.doing?.(`downloading plugin ${plan.name} ${plan.version}`);
            try {
                await pulumiInstall(options, [plan.name, plan.version, ...(plan.there ? ["--reinstall"] : [])]);
                await forget(plan, options);
                continue;
            } catch (error) {
                if (pluginSource() === "official" || !(error instanceof CommandError)) {
                    throw error;
                }
                options.notice?.(`Pulumi could not download its plugin ${plan.name} ${plan.version}: taking ours`);
            }
        }
        await installOurs(plan, options);
    }
}

/**
 * An official plugin has taken our plugin's place: without this the next run would take it for ours, and put ours back.
 */
async function forget({ name, version }: PluginPlan, options: PluginsOptions): Promise<void> {
    const home = pluginsHome(options.pulumiHome);
    const { [idOf(name, version)]: ours, ...others } = await readMemory(home);
    if (ours !== undefined) {
        await writeMemory(home, others);
    }
}

async function installOurs({ name, version, there }: PluginPlan, options: PluginsOptions): Promise<void> {
    options.doing?.(`installing plugin ${name} ${version}`);
    const home = pluginsHome(options.pulumiHome);
    const memory = await readMemory(home);
    const target = BUILT_FROM_SOURCE[name];
    const file =
        target === undefined
            ? join(await ensureReplacements(options.cache, options), `pulumi-resource-${name}`)
            : await options.buildFromSource(target);
    const known = memory[idOf(name, version)];
    // The source's path holds its key: the same path means the same content. The installed copy may still have been
    // damaged.
    if (there && known?.of === file && hashFile(installedPlugin(home, name, version)) === known.sha256) {
        return;
    }
    await pulumiInstall(options, [name, version, "--file", file, "--reinstall"]);
    await writeMemory(home, { ...memory, [idOf(name, version)]: { sha256: hashFile(file), of: file } });
}

async function pulumiInstall(options: PluginsOptions, args: string[]): Promise<void> {
    await run(options.pulumi, ["plugin", "install", "resource", ...args, "--non-interactive"], {
        env: { PULUMI_SKIP_UPDATE_CHECK: "true", ...(options.pulumiHome ? { PULUMI_HOME: options.pulumiHome } : {}) },
        log: options.log,
        timeoutMs: DOWNLOAD_LIMIT_MS,
        signal: options.signal,
    });
}
