import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The checkout's top folder. */
export const repoRoot = resolve(__dirname, "..");

const APP = "metal3-scale-lab";

function xdg(variable: string, fallback: string, env: NodeJS.ProcessEnv): string {
    const value = env[variable];
    // The XDG base directory specification has relative paths ignored.
    return value !== undefined && value.startsWith("/") ? value : join(homedir(), fallback);
}

/**
 * The folder of everything that can be made again: built binaries, manifests, links for PATH, logs of builds.
 * `METAL3_SCALE_LAB_CACHE`, else `$XDG_CACHE_HOME/metal3-scale-lab`, else `~/.cache/metal3-scale-lab`.
 */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
    const own = env["METAL3_SCALE_LAB_CACHE"];
    return own ? resolve(own) : join(xdg("XDG_CACHE_HOME", ".cache", env), APP);
}

/**
 * The folder of everything that must not be lost: Pulumi's state, and the passphrase that opens its secrets.
 * `METAL3_SCALE_LAB_STATE`, else `$XDG_STATE_HOME/metal3-scale-lab`, else `~/.local/state/metal3-scale-lab`.
 */
export function stateRoot(env: NodeJS.ProcessEnv = process.env): string {
    const own = env["METAL3_SCALE_LAB_STATE"];
    return own ? resolve(own) : join(xdg("XDG_STATE_HOME", ".local/state", env), APP);
}

/** A path inside the checkout. */
export function repoPath(...parts: string[]): string {
    return join(repoRoot, ...parts);
}
