import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EnvHttpProxyAgent, fetch } from "undici";

/** Where Pulumi's own CLI downloads its plugins from. */
const DOWNLOADS = "https://get.pulumi.com/releases/plugins/";
const PROBE_LIMIT_MS = 5_000;

/** How long a failed probe counts: a machine that cannot reach the address now will not reach it a minute later. */
export const REMEMBER_MS = 24 * 3600_000;

/**
 * Where plugins come from: Pulumi's downloads, the replacement plugins, or (`auto`, the default) the downloads where
 * they can be reached and the replacement plugins where they cannot.
 */
export type PluginSource = "auto" | "official" | "replacement";

/**
 * The value of METAL3_SCALE_LAB_PLUGINS. `stand-in` is the former name of `replacement`.
 * @throws Error for any other value
 */
export function pluginSource(env: NodeJS.ProcessEnv = process.env): PluginSource {
    const value = env["METAL3_SCALE_LAB_PLUGINS"] ?? "auto";
    if (value === "auto" || value === "official" || value === "replacement") {
        return value;
    }
    if (value === "stand-in") {
        return "replacement";
    }
    throw new Error(`METAL3_SCALE_LAB_PLUGINS is "${value}": it must be auto, official or replacement`);
}

/** The address from which Pulumi's CLI downloads an official plugin. */
export function pluginAddress(name: string, version: string): string {
    return `${DOWNLOADS}pulumi-resource-${name}-v${version}-linux-amd64.tar.gz`;
}

/** Whether the address answers, through the machine's proxy if it has one. */
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
 * Whether Pulumi's own plugins can be downloaded here. Where they cannot, the network is asked at most once a day: the
 * cache remembers a failure.
 */
export async function officialPluginsReachable(
    root: string,
    address: string,
    probe: (address: string) => Promise<boolean> = answers,
): Promise<boolean> {
    const memory = join(root, "plugin-downloads.json");
    try {
        // One address is enough: all plugins are on the same server, and what fails is the way to that server.
        const { failed } = JSON.parse(await readFile(memory, "utf8")) as { failed: number };
        if (Date.now() - failed < REMEMBER_MS) {
            return false;
        }
    } catch {
        // No failure is remembered.
    }
    if (await probe(address)) {
        return true;
    }
    await mkdir(dirname(memory), { recursive: true });
    await writeFile(`${memory}.${process.pid}`, JSON.stringify({ address, failed: Date.now() }));
    await rename(`${memory}.${process.pid}`, memory);
    return false;
}
