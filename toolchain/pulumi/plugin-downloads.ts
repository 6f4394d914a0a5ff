import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EnvHttpProxyAgent, fetch } from "undici";

/** Where Pulumi's own CLI downloads its plugins from. */
const DOWNLOADS = "https://get.pulumi.com/releases/plugins/";
const PROBE_LIMIT_MS = 5_000;

/** How long a failed look counts: a machine without that way out will not have one a minute later. */
export const REMEMBER_MS = 24 * 3600_000;

/** How plugins are to be had: `official` and `stand-in` are for tests and for people who know; default `auto`. */
export type PluginSource = "auto" | "official" | "stand-in";

/** METAL3_SCALE_LAB_PLUGINS. @throws Error when it is something else */
export function pluginSource(env: NodeJS.ProcessEnv = process.env): PluginSource {
    const value = env["METAL3_SCALE_LAB_PLUGINS"] ?? "auto";
    if (value === "auto" || value === "official" || value === "stand-in") {
        return value;
    }
    throw new Error(`METAL3_SCALE_LAB_PLUGINS is "${value}": it must be auto, official or stand-in`);
}

/** Address of an official plugin, as Pulumi's CLI makes it. */
export function pluginAddress(name: string, version: string): string {
    return `${DOWNLOADS}pulumi-resource-${name}-v${version}-linux-amd64.tar.gz`;
}

/** The default look: does that address answer, through the machine's proxy if it has one? */
async function answers(address: string): Promise<boolean> {
    const dispatcher = new EnvHttpProxyAgent();
    try {
        const response = await fetch(address, {
            method: "HEAD",
            dispatcher,
            signal: AbortSignal.timeout(PROBE_LIMIT_MS),
        });
        return response.ok;
    } catch {
        return false;
    } finally {
        await dispatcher.destroy();
    }
}

/**
 * Whether Pulumi's own plugins can be downloaded here. Asked over the network at most once a day where they cannot: a failure is remembered in the cache.
 */
export async function officialPluginsReachable(
    root: string,
    address: string,
    probe: (address: string) => Promise<boolean> = answers,
): Promise<boolean> {
    const memory = join(root, "plugin-downloads.json");
    try {
        // One address stands for all: what fails is the way to where they are.
        const { failed } = JSON.parse(await readFile(memory, "utf8")) as { failed: number };
        if (Date.now() - failed < REMEMBER_MS) {
            return false;
        }
    } catch {
        // never asked
    }
    if (await probe(address)) {
        return true;
    }
    await mkdir(dirname(memory), { recursive: true });
    await writeFile(`${memory}.${process.pid}`, JSON.stringify({ address, failed: Date.now() }));
    await rename(`${memory}.${process.pid}`, memory);
    return false;
}
