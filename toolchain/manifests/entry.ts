import { join } from "node:path";
import type { Cache, EnsureOptions, Recipe } from "../cache/cache";
import { contentOf } from "../cache/keys";
import { ensureGo } from "../go/go";
import { goInputs, goTarget } from "../go/targets";
import { repoPath } from "../paths";
import { run } from "../run";
import { versions } from "../versions";
import { renderManifests } from "./render";

/** The Go module that pins every upstream whose manifests the lab installs. */
const MODULE = join("toolchain", "go", "metal3");

/** The cache entry of the rendered manifests: the pinned modules, the code that renders them, and kubectl. */
export function manifestsRecipe(): Recipe {
    return {
        name: "manifests",
        inputs: {
            modules: [contentOf(repoPath(MODULE, "go.mod")), contentOf(repoPath(MODULE, "go.sum"))],
            rendering: [
                contentOf(repoPath("toolchain", "manifests", "render.ts")),
                contentOf(repoPath("plan", "manifests", "providers.ts")),
            ],
            kubectl: goInputs(goTarget("kube"), versions().go.version),
        },
    };
}

/** The folder of the rendered manifests, whether it is there or not. It follows from files of the checkout alone. */
export function manifestsPath(cache: Cache): string {
    return join(cache.pathOf(manifestsRecipe()), "manifests");
}

interface ManifestsOptions extends EnsureOptions {
    cache: Cache;
    /** Path of a kubectl. */
    kubectl: string;
    log: string;
}

/**
 * Makes sure that the manifests of Cluster API's providers and the bare-metal operator are in the cache.
 * @returns the folder of the manifests
 */
export async function ensureManifests(options: ManifestsOptions): Promise<string> {
    const { cache, log, signal } = options;
    const dir = await cache.ensure(
        manifestsRecipe(),
        async (to) => {
            const go = await ensureGo({ cache, log, signal });
            const settings = {
                cwd: repoPath(MODULE),
                env: { GOTOOLCHAIN: "local", GOWORK: "off" },
                log,
                signal,
                timeoutMs: 15 * 60_000,
            };
            const moduleDir = async (path: string): Promise<string> => {
                await run(go.path, ["mod", "download", path], settings);
                return run(go.path, ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", path], settings);
            };
            await renderManifests(join(to, "manifests"), {
                kubectl: options.kubectl,
                moduleDir,
                ...(signal ? { signal } : {}),
            });
        },
        options,
    );
    return join(dir, "manifests");
}
