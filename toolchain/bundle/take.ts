import { askDocker } from "../docker/facts";
import { missingParts } from "../ensure/missing";
import type { LabNeeds } from "../ensure/needs";
import { partsFor, type Purpose } from "../ensure/parts";
import { haveImage } from "../images/build";
import { GIB } from "../machine";
import { repoRoot } from "../paths";
import { CommandError, run } from "../run";
import { spaceProblems } from "../space";
import type { Toolchain } from "../toolchain";
import type { About } from "./archive.mjs";

/** Longest unpacking of one archive, milliseconds. A slow disk takes minutes. */
const UNPACK_LIMIT_MS = 30 * 60_000;

/** Refuses to begin where a disk has no room for the content. */
async function checkSpace(toolchain: Toolchain, lacksEntries: Part, lacksImages: Part): Promise<void> {
    const { cache } = toolchain;
    const dataRoot = lacksImages && (await askDocker()).info?.dataRoot;
    const problems = spaceProblems([
        ...(lacksEntries ? [{ path: cache.root, need: lacksEntries.unpacked / GIB, what: "the lab's cache" }] : []),
        ...(lacksImages && dataRoot
            ? [{ path: dataRoot, need: lacksImages.unpacked / GIB, what: "Docker's images" }]
            : []),
    ]);
    if (problems.length > 0) {
        throw new Error(problems.join("\n"));
    }
}

type Part = About["parts"][string] | undefined;

/** Runs a command that reads a member of the bundle. @param args of sh @throws CommandError that names both */
async function fromBundle(toolchain: Toolchain, what: string, args: readonly string[]): Promise<void> {
    const { signal } = toolchain;
    try {
        await run("sh", args, { log: toolchain.log("bundle"), timeoutMs: UNPACK_LIMIT_MS, signal });
    } catch (error) {
        // The command itself is a script, which says nothing to a person.
        throw error instanceof CommandError ? new CommandError(what, error.reason, error.tail, error.log) : error;
    }
}

/** Moves the bundle's entries into the cache. */
async function takeEntries(toolchain: Toolchain, file: string, about: About): Promise<void> {
    const { PARTS, unpack } = await import("./archive.mjs");
    const { cache, progress, signal } = toolchain;
    const unpackInto = (folder: string): Promise<void> =>
        fromBundle(toolchain, `unpacking ${PARTS.cache} of ${file}`, unpack(file, PARTS.cache, folder));
    await progress.step("programs from the bundle", () => cache.takeOver(about.entries, unpackInto, signal));
}

async function takeImages(toolchain: Toolchain, file: string): Promise<void> {
    const { PARTS, feed } = await import("./archive.mjs");
    const load = feed(file, PARTS.images, "docker", "load", "--quiet");
    await toolchain.progress.step("images from the bundle", () =>
        fromBundle(toolchain, `docker load of ${PARTS.images} of ${file}`, load),
    );
}

/** Says which parts of the checkout's lab are neither in the bundle nor here, and why that may be. */
async function sayWhatLacks(toolchain: Toolchain, purpose: Purpose, needs: LabNeeds, about: About): Promise<void> {
    const { checkoutCommit } = await import("./archive.mjs");
    const { cache, progress } = toolchain;
    const parts = await partsFor(cache, purpose, needs);
    const { programs, images, manifests } = await missingParts(cache, parts);
    const have = await Promise.all(parts.publishedImages.map(haveImage));
    const lacking = [
        ...programs.map((name) => `program ${name}`),
        ...images.map((name) => `image ${name}`),
        ...parts.publishedImages.filter((_, index) => !have[index]).map((reference) => `image ${reference}`),
        ...(manifests ? ["manifests"] : []),
    ];
    const commits = `it was made from commit ${about.commit}, this checkout is commit ${checkoutCommit(repoRoot)}`;
    progress.line(
        lacking.length === 0
            ? `with the bundle nothing is missing here (${commits})`
            : `the bundle, made for stack ${about.stack}, lacks what follows; ${commits}. It has to be made or ` +
                  `downloaded here, which takes a network: ${lacking.join(", ")}`,
    );
}

/**
 * Takes from a bundle what this machine lacks: programs into the cache, images into Docker. What is here already stays.
 * The npm packages are taken before that, by bootstrap.mjs, because this program needs them.
 * @param file absolute path of the bundle
 * @throws Error, before anything is changed, when it is no bundle, is damaged, or is for another kind of machine
 */
export async function takeBundle(toolchain: Toolchain, purpose: Purpose, needs: LabNeeds, file: string): Promise<void> {
    const { PARTS, verifyBundle } = await import("./archive.mjs");
    const about = await toolchain.progress.step("check the bundle", () => verifyBundle(file));
    const whole = await Promise.all(about.entries.map((id) => toolchain.cache.has(id)));
    let images: string[] = [];
    if (purpose === "up") {
        await toolchain.docker();
        const have = await Promise.all(about.images.map(haveImage));
        images = about.images.filter((_, index) => !have[index]);
    }
    const entries = about.entries.filter((_, index) => !whole[index]);
    toolchain.progress.expect(Number(entries.length > 0) + Number(images.length > 0));
    await checkSpace(
        toolchain,
        entries.length > 0 ? about.parts[PARTS.cache] : undefined,
        images.length > 0 ? about.parts[PARTS.images] : undefined,
    );
    if (entries.length > 0) {
        await takeEntries(toolchain, file, about);
    }
    if (images.length > 0) {
        await takeImages(toolchain, file);
    }
    await sayWhatLacks(toolchain, purpose, needs, about);
}
