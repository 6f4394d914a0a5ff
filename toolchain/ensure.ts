import { dirname, join } from "node:path";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import type { Cache } from "./cache";
import { dockerInfo } from "./docker";
import { imageReference, type ImageSource } from "./image-reference";
import { builtReference, imageNames } from "./image-recipes";
import { spaceProblems, type SpaceNeed } from "./machine";
import { ensureManifests, manifestsRecipe } from "./manifests-entry";
import { ensurePlugins, ensureStandIns, installedPlugin, pluginsHome } from "./plugins-entry";
import { currentLogin, preparePulumiState, pulumiSetup, type PulumiSetup } from "./pulumi-home";
import { binDir, findTool, linkCommand, onForeignPath, tool } from "./tools";
import type { Toolchain } from "./toolchain";
import { versions } from "./versions";

/** What the toolchain is wanted for: `preview` needs no Docker and no images, `test` the tests' tools besides, `up` everything that runs. */
export type Purpose = "preview" | "up" | "test";

/** The `images` of a stack's configuration, as far as it matters here. */
export interface WantedImages {
    source: ImageSource;
    /** Image name → the user's own reference. */
    overrides: Record<string, string>;
}

/** How to call Pulumi, and the commands beside it. */
export interface Ready {
    /** The Pulumi CLI. */
    pulumi: string;
    setup: PulumiSetup;
    /** Environment of Pulumi and of whatever is run beside it. */
    env: NodeJS.ProcessEnv;
}

const TOOLS: Record<Purpose, string[]> = {
    preview: ["pulumi", "kubectl", "clusterctl"],
    up: ["pulumi", "kubectl", "clusterctl"],
    test: ["pulumi", "kubectl", "clusterctl", "helm"],
};

/** References of the images that a lab with this configuration runs. `base` only stands beneath others. */
export function labImages(wanted: WantedImages): Map<string, string> {
    const names = imageNames().filter((name) => name !== "base");
    return new Map(names.map((name) => [name, wanted.overrides[name] ?? imageReference(name, wanted.source)]));
}

/** Room for what is missing, judged before anything is made. With everything at hand little is written: no reason to refuse then. */
async function checkSpace(cache: Cache, programs: number, images: number): Promise<void> {
    const dataRoot = images > 0 ? ((await dockerInfo())?.dataRoot ?? "/var/lib/docker") : undefined;
    const problems = spaceProblems(spaceNeeds(cache, programs, images, dataRoot));
    if (problems.length > 0) throw new Error(problems.join("\n"));
}

/** Where the making of so many programs and images writes, and how much. A remote Docker's folder is not on this machine and is left out. */
export function spaceNeeds(cache: Cache, programs: number, images: number, dataRoot: string | undefined): SpaceNeed[] {
    const { disk } = versions();
    const goCache = process.env["GOCACHE"] ?? process.env["XDG_CACHE_HOME"] ?? homedir();
    return [
        { path: cache.root, need: disk.cachePerProgram * programs, what: "the lab's cache" },
        { path: goCache, need: disk.goPerProgram * programs, what: "Go's caches" },
        ...(dataRoot !== undefined && existsSync(dirname(dataRoot)) ? [{ path: dataRoot, need: disk.dockerPerImage * images, what: "Docker's images" }] : []),
    ];
}

/** A tool from PATH or the cache, else built; linked into the lab's bin folder unless it is the person's own. */
async function readyTool(toolchain: Toolchain, name: string): Promise<{ path: string; where: "PATH" | "cache" }> {
    const found = await findTool(toolchain.cache, name);
    if (found.where === "PATH") {
        await linkCommand(toolchain.cache, name, undefined);
        return { path: found.path, where: "PATH" };
    }
    const path = await toolchain.binary(tool(name).target);
    await linkCommand(toolchain.cache, name, path);
    return { path, where: "cache" };
}

async function readyPlugins(toolchain: Toolchain, pulumi: string, setup: PulumiSetup): Promise<void> {
    const { cache, progress, signal } = toolchain;
    const home = pluginsHome(setup.home);
    const lacking = versions().plugins.some(({ name, version }) => !existsSync(installedPlugin(home, name, version)));
    const options = {
        cache,
        pulumi,
        pulumiHome: setup.home,
        kubernetesProvider: () => toolchain.binary("pulumi-resource-kubernetes"),
        log: toolchain.log("plugins"),
        notice: (text: string) => progress.line(text),
        signal,
    };
    // Pulumi's own language host comes with Pulumi's own release; a CLI built from its module is alone.
    const languageHost = "pulumi-language-nodejs";
    if (setup.own && onForeignPath(cache, languageHost) !== undefined) await linkCommand(cache, languageHost, undefined);
    else await linkCommand(cache, languageHost, join(await ensureStandIns(cache, options), languageHost));
    if (lacking) await progress.step("Pulumi's plugins", (step) => ensurePlugins({ ...options, doing: step.doing, notice: step.notice }));
    else await ensurePlugins(options);
}

async function readyManifests(toolchain: Toolchain, kubectl: string): Promise<void> {
    const { cache, progress, signal } = toolchain;
    const options = { cache, kubectl, log: toolchain.log("manifests"), signal };
    if ((await cache.stateOf(manifestsRecipe())).state === "present") await ensureManifests(options);
    else await progress.step("manifests of Cluster API and the bare-metal operator", (step) => ensureManifests({ ...options, notice: step.notice }));
}

/** Pulumi's environment from what was decided. */
export function pulumiEnvironment(toolchain: Toolchain, setup: PulumiSetup): NodeJS.ProcessEnv {
    const path = process.env["PATH"] ?? "";
    const bin = binDir(toolchain.cache);
    return { ...process.env, ...setup.variables, PATH: path.split(":").includes(bin) ? path : `${bin}:${path}` };
}

/**
 * Makes everything that `purpose` needs, with progress; returns at once when nothing is missing.
 * @throws Error with what is wrong, before anything is made where that can be known before
 */
export async function ensureLab(toolchain: Toolchain, purpose: Purpose, wanted: WantedImages = { source: "build", overrides: {} }): Promise<Ready> {
    const { cache, progress } = toolchain;
    const images = purpose === "up" ? labImages(wanted) : new Map<string, string>();
    const own = [...images].filter(([name, reference]) => reference === builtReference(name)).map(([name]) => name);
    const foreign = [...images].filter(([name, reference]) => reference !== builtReference(name)).map(([, reference]) => reference);
    const found = await Promise.all(TOOLS[purpose].map(async (name) => ({ name, ...(await findTool(cache, name)) })));
    const targets = found.filter(({ where }) => where !== "PATH").map(({ name }) => tool(name).target);
    if (purpose === "up" && (await dockerInfo()) === undefined) {
        await checkSpace(cache, 0, own.length);
        await progress.step("Docker", () => toolchain.docker());
    }
    const missing = await toolchain.missing(targets, own);
    await checkSpace(cache, missing.binaries.length, missing.images.length);
    const swept = await cache.sweep();
    if (swept.length > 0) progress.line(`removed what a killed run left half-made: ${swept.join(", ")}`);
    progress.expect(missing.binaries.length + missing.images.length + foreign.length);

    const setup = pulumiSetup(cache, { where: found.find(({ name }) => name === "pulumi")?.where ?? "nowhere", env: process.env, login: currentLogin() });
    await preparePulumiState(setup);
    // Kubernetes is asked for first: the node image, the largest, is made beside the other compilations.
    const kubectl = readyTool(toolchain, "kubectl");
    const pulumi = readyTool(toolchain, "pulumi");
    const rest = TOOLS[purpose].filter((name) => name !== "kubectl" && name !== "pulumi").map((name) => readyTool(toolchain, name));
    await toolchain.all([
        pulumi.then(({ path }) => readyPlugins(toolchain, path, setup)),
        kubectl.then(({ path }) => readyManifests(toolchain, path)),
        ...rest,
        ...own.map((name) => toolchain.image(name)),
        ...foreign.map((reference) => toolchain.pulled(reference)),
    ]);
    return { pulumi: (await pulumi).path, setup, env: pulumiEnvironment(toolchain, setup) };
}
