import { basename, join } from "node:path";
import { PROVIDERS, type Provider } from "../../plan/manifests/providers";
import type { Cache, EnsureOptions, Recipe } from "../cache/cache";
import { contentOf } from "../cache/keys";
import { ensureGo } from "../go/go";
import { goInputs, goTarget } from "../go/targets";
import { builtWith, imageRecipe } from "../images/recipes";
import { repoPath } from "../paths";
import { run } from "../run";
import { versions } from "../versions";
import { renderManifests } from "./render";

/** The Go module that pins every upstream whose manifests the lab installs, each in its own version. */
const MODULE = join("toolchain", "go", "metal3");

/** Versions of parts, by the name of the part. A part without one has its own version. */
type Versions = Readonly<Record<string, string>>;

/** Manifests that are rendered out of the modules that one module of ours pins. */
export interface ManifestsEntry {
    /** Folder of that module, relative to the checkout's top. */
    module: string;
    /** Those whose manifests are in it. Default: all, and the bare-metal operator's as well. */
    providers?: readonly Provider[];
}

/** The module of ours that pins a provider, which is that of its program. */
function moduleOf({ image }: Provider, chosen: Versions): string {
    const [program] = imageRecipe(builtWith(image, chosen)).binaries;
    return goTarget(program as string).module;
}

/**
 * The manifests of a lab that has these versions: all in their own versions, and beside them those of the parts that
 * have another one. A preview needs the former only, so it takes any version without making anything.
 */
export function manifestsEntries(chosen: Versions): ManifestsEntry[] {
    const others = new Map<string, Provider[]>();
    for (const provider of PROVIDERS) {
        const module = moduleOf(provider, chosen);
        if (module !== MODULE) {
            others.set(module, [...(others.get(module) ?? []), provider]);
        }
    }
    return [{ module: MODULE }, ...[...others].map(([module, providers]) => ({ module, providers }))];
}

/**
 * The cache entry of rendered manifests: the pinned modules, the code that renders them, and kubectl.
 * @param entry default: all manifests in their own versions
 */
export function manifestsRecipe({ module, providers }: ManifestsEntry = { module: MODULE }): Recipe {
    return {
        name: providers === undefined ? "manifests" : `manifests-${basename(module)}`,
        inputs: {
            modules: [contentOf(repoPath(module, "go.mod")), contentOf(repoPath(module, "go.sum"))],
            rendering: [
                contentOf(repoPath("toolchain", "manifests", "render.ts")),
                contentOf(repoPath("plan", "manifests", "providers.ts")),
            ],
            kubectl: goInputs(goTarget("kube"), versions().go.version),
        },
    };
}

/**
 * The folder of rendered manifests, whether it is there or not. It follows from files of the checkout alone.
 * @param entry default: all manifests in their own versions
 */
export function manifestsPath(cache: Cache, entry?: ManifestsEntry): string {
    return join(cache.pathOf(manifestsRecipe(entry)), "manifests");
}

/** The folder that has a provider's manifests in the version that a lab chooses. */
export function providerPath(cache: Cache, provider: Provider, chosen: Versions): string {
    const module = moduleOf(provider, chosen);
    return manifestsPath(
        cache,
        manifestsEntries(chosen).find((entry) => entry.module === module),
    );
}

interface ManifestsOptions extends EnsureOptions {
    cache: Cache;
    /** Path of a kubectl. */
    kubectl: string;
    log: string;
}

/**
 * Makes sure that manifests of Cluster API's providers and the bare-metal operator are in the cache.
 * @returns the folder of the manifests
 */
export async function ensureManifests(entry: ManifestsEntry, options: ManifestsOptions): Promise<string> {
    const { cache, log, signal } = options;
    const { module, providers } = entry;
    const dir = await cache.ensure(
        manifestsRecipe(entry),
        async (to) => {
            const go = await ensureGo({ cache, log, signal });
            const settings = {
                cwd: repoPath(module),
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
                ...(providers === undefined ? {} : { providers, operator: false }),
                ...(signal ? { signal } : {}),
            });
        },
        options,
    );
    return join(dir, "manifests");
}
