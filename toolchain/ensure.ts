import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Cache } from "./cache/cache";
import { dockerInfo } from "./docker/docker";
import { haveImage } from "./images/build";
import { builtReference, labImages, type WantedImages } from "./images/reference";
import { spaceProblems, type SpaceNeed } from "./machine";
import { ensureManifests, manifestsRecipe } from "./manifests/entry";
import { currentLogin, preparePulumiState, pulumiSetup, type PulumiSetup } from "./pulumi/home";
import {
    LANGUAGE_HOST,
    ensurePlugins,
    ensurePulumiWithHost,
    ensureStandIns,
    planPlugins,
    type PluginPlan,
} from "./pulumi/plugins";
import type { Toolchain } from "./toolchain";
import { binDir, findTool, linkCommand, onForeignPath, tool, type FoundTool } from "./tools";
import { versions } from "./versions";

/** What the toolchain is wanted for: `preview` needs no Docker and no images, `test` the tests' tools besides, `up` everything that runs. */
export type Purpose = "preview" | "up" | "test";

/** How to call Pulumi, and the commands beside it. */
export interface Ready {
    /** The Pulumi CLI. */
    pulumi: string;
    setup: PulumiSetup;
    /** Environment of Pulumi and of whatever is run beside it. */
    env: NodeJS.ProcessEnv;
}

const KUBERNETES_PROVIDER = "pulumi-resource-kubernetes";

/** Compiled first, in this order: the largest image waits for the first, and what else takes long should not begin last. */
const FIRST = ["kube", "pulumi", KUBERNETES_PROVIDER];

const TOOLS: Record<Purpose, string[]> = {
    preview: ["pulumi", "kubectl", "clusterctl"],
    up: ["pulumi", "kubectl", "clusterctl"],
    test: ["pulumi", "kubectl", "clusterctl", "helm"],
};

/** Room for what is missing, judged before anything is made. With everything at hand little is written: no reason to refuse then. */
async function checkSpace(cache: Cache, programs: number, images: number): Promise<void> {
    const dataRoot = images > 0 ? ((await dockerInfo())?.dataRoot ?? "/var/lib/docker") : undefined;
    const problems = spaceProblems(spaceNeeds(cache, programs, images, dataRoot));
    if (problems.length > 0) {
        throw new Error(problems.join("\n"));
    }
}

/** Where the making of so many programs and images writes, and how much. A remote Docker's folder is not on this machine and is left out. */
export function spaceNeeds(cache: Cache, programs: number, images: number, dataRoot: string | undefined): SpaceNeed[] {
    const { disk } = versions();
    const goCache = process.env["GOCACHE"] ?? process.env["XDG_CACHE_HOME"] ?? homedir();
    return [
        { path: cache.root, need: disk.cachePerProgram * programs, what: "the lab's cache" },
        { path: goCache, need: disk.goPerProgram * programs, what: "Go's caches" },
        ...(dataRoot !== undefined && existsSync(dirname(dataRoot))
            ? [{ path: dataRoot, need: disk.dockerPerImage * images, what: "Docker's images" }]
            : []),
    ];
}

/** A tool from PATH, else built; linked into the lab's bin folder unless it is the person's own. @returns the path it is to be called by */
async function readyTool(toolchain: Toolchain, name: string, found: FoundTool): Promise<string> {
    if (found.where === "PATH") {
        await linkCommand(toolchain.cache, name, undefined);
        return found.path;
    }
    const binary = await toolchain.binary(tool(name).target);
    // The link of a Pulumi built here is made with its language host's.
    if (name !== "pulumi") {
        await linkCommand(toolchain.cache, name, binary);
    }
    // By its link: the binary that holds all of Kubernetes acts by the name it is called by.
    return join(binDir(toolchain.cache), name);
}

async function readyPlugins(
    toolchain: Toolchain,
    pulumi: string,
    setup: PulumiSetup,
    plans: readonly PluginPlan[],
): Promise<void> {
    const { cache, progress, signal } = toolchain;
    const options = {
        cache,
        pulumi,
        pulumiHome: setup.home,
        kubernetesProvider: () => toolchain.binary(KUBERNETES_PROVIDER),
        log: toolchain.log("plugins"),
        notice: (text: string) => progress.line(text),
        signal,
    };
    if (!setup.own) {
        const dir = await ensurePulumiWithHost(cache, await toolchain.binary("pulumi"), options);
        for (const name of ["pulumi", LANGUAGE_HOST]) {
            await linkCommand(cache, name, join(dir, name));
        }
    } else {
        // A person's own Pulumi comes with its language host, unless it was built from source.
        const theirs = onForeignPath(cache, LANGUAGE_HOST);
        await linkCommand(
            cache,
            LANGUAGE_HOST,
            theirs === undefined ? join(await ensureStandIns(cache, options), LANGUAGE_HOST) : undefined,
        );
    }
    // A provider that has to be compiled has a step of its own; it is not this step's time.
    if (plans.some((plan) => plan.name === "kubernetes" && plan.do === "ours")) {
        await toolchain.binary(KUBERNETES_PROVIDER);
    }
    if (plans.every(({ there }) => there)) {
        await ensurePlugins(plans, options);
    } else {
        await progress.step("Pulumi's plugins", (step) =>
            ensurePlugins(plans, { ...options, doing: step.doing, notice: step.notice }),
        );
    }
}

async function readyManifests(toolchain: Toolchain, kubectl: string): Promise<void> {
    const { cache, progress, signal } = toolchain;
    const options = { cache, kubectl, log: toolchain.log("manifests"), signal };
    if ((await cache.stateOf(manifestsRecipe())).state === "present") {
        await ensureManifests(options);
    } else {
        await progress.step("manifests of Cluster API and the bare-metal operator", (step) =>
            ensureManifests({ ...options, notice: step.notice }),
        );
    }
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
export async function ensureLab(
    toolchain: Toolchain,
    purpose: Purpose,
    wanted: WantedImages = { source: "build", overrides: {} },
): Promise<Ready> {
    const { cache, progress } = toolchain;
    const images = purpose === "up" ? labImages(wanted) : new Map<string, string>();
    const own = [...images].filter(([name, reference]) => reference === builtReference(name)).map(([name]) => name);
    const foreign = [...images]
        .filter(([name, reference]) => reference !== builtReference(name))
        .map(([, reference]) => reference);
    const found = new Map(
        await Promise.all(TOOLS[purpose].map(async (name) => [name, await findTool(cache, name)] as const)),
    );
    const where = (name: string): FoundTool => found.get(name) as FoundTool;
    const setup = pulumiSetup(cache, { where: where("pulumi").where, env: process.env, login: currentLogin() });
    const plans = await planPlugins(cache.root, setup.home);
    const lackingPlugins = plans.some(({ there }) => !there);
    const targets = TOOLS[purpose].filter((name) => where(name).where !== "PATH").map((name) => tool(name).target);
    if (plans.some((plan) => plan.name === "kubernetes" && plan.do === "ours")) {
        targets.push(KUBERNETES_PROVIDER);
    }
    if (purpose === "up" && (await dockerInfo()) === undefined) {
        await checkSpace(cache, 0, own.length);
        await progress.step("Docker", () => toolchain.docker());
    }
    const missing = await toolchain.missing(targets, own);
    await checkSpace(cache, missing.binaries.length, missing.images.length);
    const swept = await cache.sweep();
    if (swept.length > 0) {
        progress.line(`removed what a killed run left half-made: ${swept.join(", ")}`);
    }
    const lackingManifests = (await cache.stateOf(manifestsRecipe())).state !== "present";
    const lackingForeign = (await Promise.all(foreign.map(async (reference) => !(await haveImage(reference))))).filter(
        Boolean,
    ).length;
    progress.expect(
        missing.binaries.length +
            missing.images.length +
            lackingForeign +
            Number(lackingPlugins) +
            Number(lackingManifests),
    );

    await preparePulumiState(setup);
    const order = [
        ...FIRST.filter((name) => missing.binaries.includes(name)),
        ...missing.binaries.filter((name) => !FIRST.includes(name)),
    ];
    const compiled = order.map((name) => toolchain.binary(name));
    const ready = Object.fromEntries(
        TOOLS[purpose].map((name) => [name, readyTool(toolchain, name, where(name))]),
    ) as Record<string, Promise<string>>;
    const [pulumi, kubectl] = [ready["pulumi"], ready["kubectl"]] as [Promise<string>, Promise<string>];
    await toolchain.all([
        ...compiled,
        ...Object.values(ready),
        pulumi.then((path) => readyPlugins(toolchain, path, setup, plans)),
        kubectl.then((path) => readyManifests(toolchain, path)),
        ...own.map((name) => toolchain.image(name)),
        ...foreign.map((reference) => toolchain.pulled(reference)),
    ]);
    return { pulumi: await pulumi, setup, env: pulumiEnvironment(toolchain, setup) };
}
