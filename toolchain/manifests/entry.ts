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

/** The bare-metal operator, by the name of its image. */
export const OPERATOR = { image: "baremetal-operator" };

/** Versions of parts, by the name of the part. A part without one has its own version. */
type Versions = Readonly<Record<string, string>>;

/** Manifests that are rendered out of the modules that one module of ours pins. */
export interface ManifestsEntry {
    /** Folder of that module, relative to the checkout's top. */
    module: string;
    /** Providers whose manifests are in it. Default: all. */
    providers?: readonly Provider[];
    /** Whether the bare-metal operator's are in it. Default: with all providers they are. */
    operator?: boolean;
}

/** The module of ours that pins a provider or the bare-metal operator, which is that of its program. */
function moduleOf({ image }: Pick<Provider, "image">, chosen: Versions): string {
    const [program] = imageRecipe(builtWith(image, chosen)).binaries;
    return goTarget(program as string).module;
}

/**
 * The manifests of a lab that has these versions: all in their own versions, and beside them those of the parts that
 * have another one. A preview needs the former only, so it takes any version without making anything.
 */
export function manifestsEntries(chosen: Versions): ManifestsEntry[] {
    const ofOperator = moduleOf(OPERATOR, chosen);
    const modules = new Set([...PROVIDERS.map((provider) => moduleOf(provider, chosen)), ofOperator]);
    modules.delete(MODULE);
    const others = [...modules].map((module) => ({
        module,
        providers: PROVIDERS.filter((provider) => moduleOf(provider, chosen) === module),
        operator: module === ofOperator,
    }));
    return [{ module: MODULE }, ...others];
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

/** The folder that has the manifests of a provider or the bare-metal operator in the version that a lab chooses. */
export function providerPath(cache: Cache, provider: Pick<Provider, "image">, chosen: Versions): string {
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
    const { module, providers, operator } = entry;
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
                ...(providers === undefined ? {} : { providers, operator: operator ?? false }),
                ...(signal ? { signal } : {}),
            });
        },
        options,
    );
    return join(dir, "manifests");
}
