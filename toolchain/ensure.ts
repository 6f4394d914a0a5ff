import { askDocker } from "./docker/facts";
import { takeFromRegistry } from "./ensure/from-registry";
import { takeFromUpstream } from "./ensure/from-upstream";
import { missingParts, type Missing } from "./ensure/missing";
import { NO_MORE, type LabNeeds } from "./ensure/needs";
import { partsFor, type LabParts, type Purpose } from "./ensure/parts";
import { provideManifests, providePlugins, provideTool } from "./ensure/provide";
import { preparePulumiState, type PulumiSetup } from "./pulumi/home";
import { spaceNeeds, spaceProblems } from "./space";
import type { Toolchain } from "./toolchain";
import { binDir } from "./tools";

export type { Purpose } from "./ensure/parts";

/** Docker's folder of images where Docker cannot be asked for it. */
const DATA_ROOT = "/var/lib/docker";

/** How to call Pulumi and the commands beside it. */
export interface Ready {
    /** Path of the Pulumi CLI. */
    pulumi: string;
    setup: PulumiSetup;
    /** Environment of Pulumi and of every command that is run beside it. */
    env: NodeJS.ProcessEnv;
}

/** The environment of Pulumi: the person's own, the variables of `setup`, and the lab's bin folder on PATH. */
export function pulumiEnvironment(toolchain: Toolchain, setup: PulumiSetup): NodeJS.ProcessEnv {
    const path = process.env["PATH"] ?? "";
    const bin = binDir(toolchain.cache);
    return { ...process.env, ...setup.variables, PATH: path.split(":").includes(bin) ? path : `${bin}:${path}` };
}

/** Refuses to begin where a disk has no room for what is missing. With nothing missing nothing is refused. */
async function checkSpace(toolchain: Toolchain, programs: number, images: number): Promise<void> {
    const dataRoot = images > 0 ? ((await askDocker()).info?.dataRoot ?? DATA_ROOT) : undefined;
    const problems = spaceProblems(spaceNeeds(toolchain.cache, programs, images, dataRoot));
    if (problems.length > 0) {
        throw new Error(problems.join("\n"));
    }
}

/** Starts Docker if it does not answer: only then can it be asked which images it has. */
async function startDocker(toolchain: Toolchain, images: number): Promise<void> {
    if ((await askDocker()).info === undefined) {
        await checkSpace(toolchain, 0, images);
        await toolchain.progress.step("Docker", () => toolchain.docker());
    }
}

async function removeLeftovers({ cache, progress }: Toolchain): Promise<void> {
    const removed = await cache.sweep();
    if (removed.length > 0) {
        progress.line(`removed unfinished files that killed runs left in the cache: ${removed.join(", ")}`);
    }
}

/** Makes all parts, each as soon as its own parts are there. @returns the path of Pulumi */
async function make(toolchain: Toolchain, parts: LabParts, missing: Missing): Promise<string> {
    // Asked for first, so that the compiler takes them in this order.
    const programs = missing.programs.map((name) => toolchain.binary(name));
    const tools = new Map([...parts.tools].map(([name, found]) => [name, provideTool(toolchain, name, found)]));
    const [pulumi, kubectl] = ["pulumi", "kubectl"].map((name) => tools.get(name)) as [
        Promise<string>,
        Promise<string>,
    ];
    await toolchain.all([
        ...programs,
        ...tools.values(),
        pulumi.then((path) => providePlugins(toolchain, path, parts)),
        kubectl.then((path) => provideManifests(toolchain, path, parts.manifests, missing.manifests)),
        ...parts.builtImages.map((name) => toolchain.image(name)),
        ...parts.publishedImages.map((reference) => toolchain.pulled(reference)),
    ]);
    return pulumi;
}

/**
 * Makes everything that `purpose` needs, with progress. Returns at once when nothing is missing.
 * @param needs default: those of a lab of the default configuration
 * @throws Error, before anything is made where the problem can be seen before
 */
export async function ensureLab(toolchain: Toolchain, purpose: Purpose, needs: LabNeeds = NO_MORE): Promise<Ready> {
    const parts = await partsFor(toolchain.cache, purpose, needs);
    if (purpose === "up") {
        await startDocker(toolchain, parts.builtImages.length);
        await takeFromRegistry(toolchain, needs);
    }
    let missing = await missingParts(toolchain.cache, parts);
    if (purpose === "up" && missing.images.length > 0) {
        await takeFromUpstream(toolchain, needs, missing.images);
        missing = await missingParts(toolchain.cache, parts);
    }
    await checkSpace(toolchain, missing.programs.length, missing.images.length);
    await removeLeftovers(toolchain);
    toolchain.progress.expect(missing.steps);
    await preparePulumiState(parts.setup);
    const pulumi = await make(toolchain, parts, missing);
    return { pulumi, setup: parts.setup, env: pulumiEnvironment(toolchain, parts.setup) };
}
