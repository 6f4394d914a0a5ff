import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Cache } from "../../toolchain/cache/cache";
import { NO_MORE } from "../../toolchain/ensure/needs";
import { partsFor } from "../../toolchain/ensure/parts";
import { goBinaryRecipe } from "../../toolchain/go/build";
import { labImages } from "../../toolchain/images/reference";
import { manifestsRecipe } from "../../toolchain/manifests/entry";
import { repoPath } from "../../toolchain/paths";
import { run } from "../../toolchain/run";

const LIMIT_MS = 10 * 60_000;
/** The home of the machine's user, in the container that emulates the machine. */
const HOME = "/seed";

/** What is copied into the machine. */
export interface Parts {
    /** Files and folders of this machine, and their places in the container. */
    mounts: { from: string; to: string }[];
    /** File with the images that Docker has in the machine, as `docker save` writes it. */
    images: string;
}

/**
 * Everything that `npm run up` would fetch or build: the machine has no network.
 * @param folder for what is collected, which is this run's own
 */
export async function collectParts(cache: Cache, folder: string): Promise<Parts> {
    const checkout = join(folder, "checkout");
    // Docker mounts the packages there.
    await mkdir(join(checkout, "node_modules"), { recursive: true });
    await run(
        "bash",
        [
            "-euo",
            "pipefail",
            "-c",
            'git ls-files -z -co --exclude-standard | tar --null -T - -c | tar -x -C "$1"',
            "sh",
            checkout,
        ],
        { cwd: repoPath(), timeoutMs: LIMIT_MS },
    );
    const images = join(folder, "images.tar");
    const references = labImages(NO_MORE.images).map(({ reference }) => reference);
    await run("docker", ["save", "--output", images, ...references], { timeoutMs: LIMIT_MS });
    const npm = await run("npm", ["root", "--global"], { timeoutMs: LIMIT_MS });
    const { programs } = await partsFor(cache, "up", NO_MORE);
    const entries = [...programs.map(goBinaryRecipe), manifestsRecipe()].map((recipe) => cache.idOf(recipe));
    return {
        mounts: [
            { from: checkout, to: `${HOME}/metal3-scale-lab` },
            { from: repoPath("node_modules"), to: `${HOME}/metal3-scale-lab/node_modules` },
            { from: join(npm, "npm"), to: `${HOME}/npm` },
            ...entries.map((id) => ({
                from: join(cache.root, "entries", id),
                to: `${HOME}/.cache/metal3-scale-lab/entries/${id}`,
            })),
        ],
        images,
    };
}
