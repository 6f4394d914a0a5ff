import { existsSync } from "node:fs";
import { mkdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { satisfies } from "semver";
import type { Cache } from "./cache/cache";
import { goBinaryPath } from "./go/build";
import { look } from "./run";
import { versions } from "./versions";

/** A command-line tool of the lab that a person may have already. */
interface Tool {
    /** The command's name. */
    name: string;
    /** The target of toolchain/go/targets.yaml that builds it. */
    target: string;
}

/**
 * Targets with another name than their tool: the binary `kube` holds all of Kubernetes and acts by the name it is
 * called by.
 */
const TARGET_OF: Record<string, string> = { kubectl: "kube" };

/** A tool of versions.yaml. @throws Error when there is none of that name */
export function tool(name: string): Tool {
    if (!(name in versions().tools)) {
        throw new Error(`toolchain/versions.yaml has no tool "${name}"`);
    }
    return { name, target: TARGET_OF[name] ?? name };
}

/** The place where a tool was found. */
export interface FoundTool {
    /** Path of the tool, or of the place in the cache where it would be. */
    path: string;
    /** Its version, where it was found on PATH. */
    version: string | undefined;
    where: "PATH" | "cache" | "nowhere";
    /** The reason why the one on PATH is not used. */
    unfit?: string;
}

/** The folder of the lab's own commands, which `npm run env` puts on PATH. */
export function binDir(cache: Cache): string {
    return join(cache.root, "bin");
}

/** PATH without the lab's own folder and without npm's, which leaves the commands that the person has installed. */
export function foreignPath(cache: Cache, path = process.env["PATH"] ?? ""): string {
    return path
        .split(delimiter)
        .filter(
            (folder) =>
                folder !== "" &&
                folder !== binDir(cache) &&
                !folder.endsWith("/node_modules/.bin") &&
                !folder.endsWith("/node-gyp-bin"),
        )
        .join(delimiter);
}

/** The first version number in a text. */
export function versionIn(text: string): string | undefined {
    return /v?(\d+\.\d+\.\d+)/.exec(text)?.[1];
}

/** Path of a command that the person has installed. */
export function onForeignPath(cache: Cache, command: string): string | undefined {
    return foreignPath(cache)
        .split(delimiter)
        .map((folder) => join(folder, command))
        .find((path) => existsSync(path));
}

/** Looks for a tool: on PATH in a version that fits, else in the cache. Builds nothing. */
export async function findTool(cache: Cache, name: string): Promise<FoundTool> {
    const { range, command } = versions().tools[name] as { range: string; command: string[] };
    const path = onForeignPath(cache, name);
    let unfit: string | undefined;
    if (path !== undefined) {
        // A tool that is asked for its version must not look for updates in the network.
        const env = { CLUSTERCTL_DISABLE_VERSIONCHECK: "true", PULUMI_SKIP_UPDATE_CHECK: "true" };
        // One that hangs does not fit either, and is no reason to end.
        const version = versionIn((await look(path, command, { env }).catch(() => undefined)) ?? "");
        if (version !== undefined && satisfies(version, range)) {
            return { path, version, where: "PATH" };
        }
        unfit = version === undefined ? `${path} does not say its version` : `${path} is ${version}, wanted ${range}`;
    }
    const cached = goBinaryPath(cache, tool(name).target);
    const because = unfit === undefined ? {} : { unfit };
    return { path: cached, version: undefined, where: existsSync(cached) ? "cache" : "nowhere", ...because };
}

/**
 * Makes `<cache>/bin/<name>` a link to a file. A link that is there is replaced by a rename, so that there is one at
 * every moment.
 * @param target undefined removes the link
 */
export async function linkCommand(cache: Cache, name: string, target: string | undefined): Promise<void> {
    const link = join(binDir(cache), name);
    if (target === undefined) {
        return rm(link, { force: true });
    }
    if ((await readlink(link).catch(() => undefined)) === target) {
        return;
    }
    await mkdir(dirname(link), { recursive: true });
    const temporary = `${link}.${process.pid}`;
    await rm(temporary, { force: true });
    await symlink(target, temporary);
    await rename(temporary, link);
}
