import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { hashFile } from "../cache/keys";
import { withLock } from "../cache/lock";
import { ensureLab } from "../ensure";
import type { LabNeeds } from "../ensure/needs";
import { gib } from "../machine";
import { repoRoot } from "../paths";
import type { StepHandle } from "../progress";
import { ensureReplacements } from "../pulumi/plugins";
import { run } from "../run";
import type { Toolchain } from "../toolchain";
import type { About, Part } from "./archive.mjs";
import { bundleContents, type BundleContents } from "./contents";
import { pack } from "./pack";

/** Longest copy of the finished archives into one file, milliseconds. A stick may take 10 MB a second. */
const WRITE_LIMIT_MS = 30 * 60_000;

/** What is in node_modules and no part of the packages: what tools keep there, and when who installed them. */
const NOT_PACKAGES = ["node_modules/.cache", "node_modules/.metal3-scale-lab-stamp"];

interface BundleRequest {
    /** The stack whose lab the bundle is for. */
    stack: string;
    /** Absolute path of the bundle. */
    out: string;
}

/** Makes what the bundle is to hold, where it is missing. */
async function makeContents(toolchain: Toolchain, needs: LabNeeds, contents: BundleContents): Promise<void> {
    await ensureLab(toolchain, "up", needs);
    const { cache, signal } = toolchain;
    await toolchain.all([
        ...contents.programs.map((name) => toolchain.binary(name)),
        ensureReplacements(cache, { notice: (text) => toolchain.progress.line(text), signal }),
    ]);
}

/** Packs one kind of part after the other. A compression takes one core; Docker and tar take another. */
async function packAll(
    { cache, progress, signal }: Toolchain,
    contents: BundleContents,
    checkout: string,
    folder: string,
    parts: { packages: string; cache: string; images: string },
): Promise<Record<string, Part>> {
    const packed: Record<string, Part> = {};
    const one = (title: string, to: string, command: string, args: string[]): Promise<void> =>
        progress.step(title, async (step: StepHandle) => {
            const see = (bytes: number): void => step.doing(`${gib(bytes)} read`);
            const part = await pack(command, args, join(folder, to), { signal, see });
            packed[to] = part;
            step.notice(`${gib(part.unpacked)}, compressed ${gib(part.size)}`);
        });
    const exclude = NOT_PACKAGES.map((path) => `--exclude=${path}`);
    const ids = contents.entries.map((recipe) => cache.idOf(recipe));
    progress.expect(4);
    await one("pack the npm packages", parts.packages, "tar", ["-cf", "-", ...exclude, "-C", checkout, "node_modules"]);
    await one("pack the programs", parts.cache, "tar", ["-cf", "-", "-C", join(cache.root, "entries"), ...ids]);
    await one("pack the images", parts.images, "docker", ["save", ...contents.images]);
    return packed;
}

/**
 * Makes one file with all that `up` needs on a machine without a network, building or downloading first what is
 * missing here.
 */
export async function makeBundle(toolchain: Toolchain, needs: LabNeeds, request: BundleRequest): Promise<About> {
    const contents = bundleContents(needs);
    await makeContents(toolchain, needs, contents);
    return writeBundle(toolchain, contents, request);
}

/**
 * Writes what is there into one file. The file is there whole or not at all.
 * @param checkout where the npm packages are, for tests
 * @returns what the bundle says of itself
 */
export async function writeBundle(
    toolchain: Toolchain,
    contents: BundleContents,
    { stack, out }: BundleRequest,
    checkout = repoRoot,
): Promise<About> {
    const { cache, progress, signal } = toolchain;
    // CommonJS loads this ES module only by a dynamic import.
    const { ABOUT, FORMAT, PARTS, aboutText, checkoutCommit, platform } = await import("./archive.mjs");
    const folder = `${out}.making`;
    const make = async (): Promise<About> => {
        const about: About = {
            format: FORMAT,
            platform,
            commit: checkoutCommit(checkout),
            made: new Date().toISOString(),
            stack,
            lock: hashFile(join(checkout, "package-lock.json")),
            entries: contents.entries.map((recipe) => cache.idOf(recipe)),
            images: contents.images,
            parts: await packAll(toolchain, contents, checkout, folder, PARTS),
        };
        await writeFile(join(folder, ABOUT), aboutText(about));
        await progress.step(`write ${basename(out)}`, async () => {
            // bundle.json comes first, so that it is found without reading the rest. The archive is made under this
            // short name because tar takes a path with a colon for one of another machine.
            await run("tar", ["-cf", "whole", ABOUT, ...Object.keys(about.parts)], {
                cwd: folder,
                timeoutMs: WRITE_LIMIT_MS,
                signal,
            });
            await rename(join(folder, "whole"), out);
        });
        return about;
    };
    return withLock(join(cache.root, "locks", "bundle"), "a bundle", async () => {
        // A run that was killed has left it.
        await rm(folder, { recursive: true, force: true });
        await mkdir(folder, { recursive: true });
        try {
            return await make();
        } finally {
            await rm(folder, { recursive: true, force: true });
        }
    });
}
