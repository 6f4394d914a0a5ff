import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { duration } from "../../lib/duration";
import { fullReference } from "../../plan/image-reference";
import { minikubeEnvironment } from "../../toolchain/minikube";
import { run } from "../../toolchain/run";
import { ensureInDocker } from "../docker-images";

/** Longest copy of one image, milliseconds. */
const LIMIT_MS = 15 * 60_000;

/** Images that are copied at a time: one is written to the disk while the machine unpacks another. */
const AT_A_TIME = 2;

const minikube = (profile: string, args: readonly string[]): Promise<string> =>
    run("minikube", [...args, `--profile=${profile}`], {
        timeoutMs: LIMIT_MS,
        env: minikubeEnvironment(profile),
    });

/** References of the images in the machine. */
const imagesIn = async (profile: string): Promise<Set<string>> =>
    new Set((await minikube(profile, ["image", "ls", "--format=short"])).split("\n").map((line) => line.trim()));

/**
 * Copies those of the images into minikube's machine that it does not have.
 * @throws Error naming the images that are not there afterwards: `minikube image load` ends with 0 also when it failed
 */
export async function loadImages(
    profile: string,
    images: readonly string[],
    say: (text: string) => void,
): Promise<void> {
    const present = await imagesIn(profile);
    const missing = images.filter((image) => !present.has(fullReference(image)));
    say(`${images.length - missing.length} of ${images.length} images are in ${profile} already`);
    const waiting = [...missing];
    let done = 0;
    const worker = async (): Promise<void> => {
        for (let image = waiting.shift(); image !== undefined; image = waiting.shift()) {
            const began = Date.now();
            await loadImage(profile, image);
            done++;
            say(`${done} of ${missing.length}: ${image} (${duration(Date.now() - began)})`);
        }
    };
    try {
        await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    } finally {
        // After a failure the other worker ends with the image that it has.
        waiting.length = 0;
    }
    const after = missing.length > 0 ? await imagesIn(profile) : present;
    const absent = images.filter((image) => !after.has(fullReference(image)));
    if (absent.length > 0) {
        throw new Error(`minikube image load has not brought ${absent.join(", ")} into ${profile}`);
    }
}

/** By way of a file that goes again: of an image by its name minikube would keep a copy in the user's folder. */
async function loadImage(profile: string, image: string): Promise<void> {
    await ensureInDocker(image);
    const folder = await mkdtemp(join(tmpdir(), `${profile}-`));
    try {
        // minikube copies it under its name into one folder of the machine, for several images at the same time.
        const file = join(folder, `${image.replace(/[^a-zA-Z0-9.-]/g, "-")}.tar`);
        await run("docker", ["save", "--output", file, image], { timeoutMs: LIMIT_MS });
        await minikube(profile, ["image", "load", file]);
    } finally {
        await rm(folder, { recursive: true, force: true });
    }
}
