import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import {
    BARE_METAL_OPERATOR,
    MANIFEST_INDEX,
    PROVIDERS,
    type ManifestIndex,
    type Provider,
} from "../../plan/manifests/providers";

/** Longest rendering of one provider; it takes a second or two. */
const KUSTOMIZE_TIMEOUT = 120_000;

export interface RenderOptions {
    /** Path of a kubectl, for its `kustomize`. */
    kubectl: string;
    /** Folder of a Go module at its pinned version, in Go's module cache (`go list -m -f '{{.Dir}}' MODULE`). */
    moduleDir: (modulePath: string) => string | Promise<string>;
    signal?: AbortSignal;
    /** Default: every provider of the lab. */
    providers?: readonly Provider[];
    /** Whether the bare-metal operator's manifests are rendered as well. Default: true. */
    operator?: boolean;
}

/**
 * Renders the manifests of Cluster API's providers and of the bare-metal operator out of their Go modules, as upstream
 * has them, images and variables included. Needs no network once the modules are there.
 *
 * Layout: `<provider label>/<version>/<components file>` and `metadata.yaml` beside it (a clusterctl repository), the
 * operator's file, and `index.json`, which says the versions. The folder appears whole or not at all.
 *
 * @throws Error when kustomize fails, with what it said, or when a module's folder does not say its version or has
 * none of the folders that kustomize is to render
 */
export async function renderManifests(outDir: string, options: RenderOptions): Promise<ManifestIndex> {
    const partial = `${outDir}.partial-${process.pid}`;
    await rm(partial, { recursive: true, force: true });
    try {
        const index = await renderInto(partial, options);
        await rm(outDir, { recursive: true, force: true });
        await rename(partial, outDir);
        return index;
    } finally {
        await rm(partial, { recursive: true, force: true });
    }
}

async function renderInto(directory: string, options: RenderOptions): Promise<ManifestIndex> {
    const versions: ManifestIndex["providers"] = {};
    for (const provider of options.providers ?? PROVIDERS) {
        const module = await options.moduleDir(provider.module);
        const version = moduleVersion(module);
        versions[provider.key] = version;
        const target = join(directory, provider.label, version);
        await mkdir(target, { recursive: true });
        await writeFile(
            join(target, provider.componentsFile),
            await kustomize(module, provider.kustomizations, options),
        );
        // Cluster API's three providers share one module, and its metadata.
        await copyFile(join(module, "metadata.yaml"), join(target, "metadata.yaml"));
    }
    const index: ManifestIndex = { providers: versions };
    if (options.operator ?? true) {
        const operator = await options.moduleDir(BARE_METAL_OPERATOR.module);
        await writeFile(
            join(directory, BARE_METAL_OPERATOR.componentsFile),
            await kustomize(operator, BARE_METAL_OPERATOR.kustomizations, options),
        );
        index.bareMetalOperator = moduleVersion(operator);
    }
    await writeFile(join(directory, MANIFEST_INDEX), `${JSON.stringify(index, null, 4)}\n`);
    return index;
}

/** Renders the first of the folders that the module has. */
async function kustomize(module: string, folders: readonly string[], options: RenderOptions): Promise<string> {
    const folder = folders.map((path) => join(module, path)).find((path) => existsSync(path));
    if (folder === undefined) {
        throw new Error(`${basename(module)} has none of the folders ${folders.join(", ")}, which kustomize renders`);
    }
    const { stdout } = await promisify(execFile)(options.kubectl, ["kustomize", folder], {
        timeout: KUSTOMIZE_TIMEOUT,
        maxBuffer: 64 * 1024 * 1024,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return stdout;
}

/** The version of a module in Go's module cache, where its folder is named `path@version`. */
export function moduleVersion(directory: string): string {
    const version = /@(v\d+\.\d+\.\d+[^/]*)$/.exec(directory)?.[1];
    if (version === undefined) {
        throw new Error(
            `${basename(directory)} is not a folder of Go's module cache: its name does not end in @version`,
        );
    }
    return version;
}
