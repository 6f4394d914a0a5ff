import { join } from "node:path";
import { answers, reachable } from "../reachable";

/** Where Pulumi's own CLI downloads its plugins from. */
const DOWNLOADS = "https://get.pulumi.com/releases/plugins/";

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

/**
 * Whether Pulumi's own plugins can be downloaded here. Where they cannot, the network is asked at most once a day: the
 * cache remembers a failure. One address is enough: all plugins are on the same server, and what fails is the way to
 * that server.
 */
export const officialPluginsReachable = (
    root: string,
    address: string,
    probe: (address: string) => Promise<boolean> = answers,
): Promise<boolean> => reachable(join(root, "plugin-downloads.json"), address, probe);
