import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Cache, EnsureOptions, Recipe } from "./cache";
import { contentOf, hashFile } from "./keys";
import { repoPath } from "./paths";
import { officialPluginsReachable, pluginAddress, pluginSource } from "./plugin-downloads";
import { buildPlugins } from "./plugins/build";
import { CommandError, run } from "./run";
import { versions } from "./versions";

/** Longest download of one of Pulumi's plugins (the largest has 60 MB). */
const DOWNLOAD_LIMIT_MS = 10 * 60_000;

/** The cache entry of the stand-in plugins and the language host: their sources, and the packages bundled with them. */
export function standInsRecipe(): Recipe {
    return { name: "pulumi-plugins", inputs: { sources: contentOf(repoPath("toolchain", "plugins")), packages: contentOf(repoPath("package-lock.json")) } };
}

/** Builds the stand-in plugins. @returns the folder with `pulumi-language-nodejs` and `pulumi-resource-<name>` */
export async function ensureStandIns(cache: Cache, options: EnsureOptions): Promise<string> {
    return cache.ensure(standInsRecipe(), async (dir) => void (await buildPlugins(dir)), options);
}

/** Where Pulumi keeps plugins. */
export function pluginsHome(pulumiHome: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
    return join(pulumiHome ?? env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"), "plugins");
}

/** Where the plugin of that name and version is, once installed. */
export function installedPlugin(home: string, name: string, version: string): string {
    return join(home, `resource-${name}-v${version}`, `pulumi-resource-${name}`);
}

export interface PluginsOptions extends EnsureOptions {
    cache: Cache;
    /** The Pulumi CLI. */
    pulumi: string;
    /** PULUMI_HOME, when it is the lab's own. */
    pulumiHome: string | undefined;
    /** The built Kubernetes provider: asked for only where the official one cannot be had. */
    kubernetesProvider: () => Promise<string>;
    log: string;
    doing?: (text: string) => void;
}

interface InstalledByUs {
    [plugin: string]: { sha256: string; of: string };
}

/** Which plugins we put there ourselves: those are replaced when ours change, others are never touched. */
const memoryOf = (home: string): string => join(home, ".metal3-scale-lab.json");

async function readMemory(home: string): Promise<InstalledByUs> {
    return JSON.parse(await readFile(memoryOf(home), "utf8").catch(() => "{}")) as InstalledByUs;
}

/**
 * Makes sure that Pulumi finds every plugin of the program: official ones that are installed stay; else they are downloaded; else, where that cannot be,
 * the stand-ins (and the Kubernetes provider built from its module) are installed in their place.
 *
 * @returns plugin → "official" or "stand-in"
 */
export async function ensurePlugins(options: PluginsOptions): Promise<Record<string, "official" | "stand-in">> {
    const home = pluginsHome(options.pulumiHome);
    const source = pluginSource();
    const memory = await readMemory(home);
    const result: Record<string, "official" | "stand-in"> = {};
    for (const { name, version } of versions().plugins) {
        const id = `resource-${name}-v${version}`;
        const there = existsSync(installedPlugin(home, name, version));
        const ours = memory[id] !== undefined;
        if (there && !ours && source !== "stand-in") {
            result[name] = "official";
            continue;
        }
        const reachable = source === "official" || (source === "auto" && !ours && (await officialPluginsReachable(options.cache.root, pluginAddress(name, version))));
        if (reachable) {
            options.doing?.(`downloading plugin ${name} ${version}`);
            try {
                await pulumiInstall(options, [name, version, ...(there ? ["--reinstall"] : [])]);
                result[name] = "official";
                continue;
            } catch (error) {
                if (source === "official" || !(error instanceof CommandError)) throw error;
                options.notice?.(`Pulumi could not download its plugin ${name} ${version}: taking ours`);
            }
        }
        options.doing?.(`installing plugin ${name} ${version}`);
        const file = name === "kubernetes" ? await options.kubernetesProvider() : join(await ensureStandIns(options.cache, options), `pulumi-resource-${name}`);
        const known = memory[id];
        // The source's path holds its key: the same path is the same content, and the installed copy is looked at only then.
        if (!(there && known?.of === file && hashFile(installedPlugin(home, name, version)) === known.sha256)) {
            await pulumiInstall(options, [name, version, "--file", file, "--reinstall"]);
            memory[id] = { sha256: hashFile(file), of: file };
            await mkdir(home, { recursive: true });
            await writeFile(`${memoryOf(home)}.${process.pid}`, JSON.stringify(memory));
            await rename(`${memoryOf(home)}.${process.pid}`, memoryOf(home));
        }
        result[name] = "stand-in";
    }
    return result;
}

async function pulumiInstall(options: PluginsOptions, args: string[]): Promise<void> {
    await run(options.pulumi, ["plugin", "install", "resource", ...args, "--non-interactive"], {
        env: { PULUMI_SKIP_UPDATE_CHECK: "true", ...(options.pulumiHome ? { PULUMI_HOME: options.pulumiHome } : {}) },
        log: options.log,
        timeoutMs: DOWNLOAD_LIMIT_MS,
        signal: options.signal,
    });
}

/** Takes away what `ensurePlugins` installed of ours, for a Pulumi that can download its own now. */
export async function removeStandIns(home: string): Promise<string[]> {
    const memory = await readMemory(home);
    for (const id of Object.keys(memory)) await rm(join(home, id), { recursive: true, force: true });
    await rm(memoryOf(home), { force: true });
    return Object.keys(memory);
}
