import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pLimit from "p-limit";
import { duration } from "../../lib/duration";
import { copiedImage, fullReference } from "../../plan/image-reference";
import { minikubeEnvironment } from "../../toolchain/minikube";
import { run } from "../../toolchain/run";
import { CTR, renamesInNode, withTags } from "../docker-images";
import { pullInNode, type NodeRegistry } from "../registry/pull";

/** Longest copy of one image, milliseconds. */
const LIMIT_MS = 15 * 60_000;

/** Images that are copied at a time: one is written to the disk while the machine unpacks another. */
const AT_A_TIME = 2;

const minikube = (profile: string, [command = "", ...args]: readonly string[]): Promise<string> =>
    run("minikube", [command, `--profile=${profile}`, ...args], {
        timeoutMs: LIMIT_MS,
        env: minikubeEnvironment(profile),
    });

/** A word as a shell takes it literally. */
const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** Runs a command as root in the machine. Its shell gets one line, so the input travels in it. */
const inMachine =
    (profile: string) =>
    (command: readonly string[], input?: string): Promise<string> => {
        const line = `sudo ${command.map(quoted).join(" ")}`;
        const given = input === undefined ? undefined : Buffer.from(input).toString("base64");
        return minikube(profile, ["ssh", "--", given === undefined ? line : `echo ${given} | base64 -d | ${line}`]);
    };

/** References of the images in the machine. minikube lists none by its digest, so containerd is asked for those. */
async function imagesIn(profile: string, images: readonly string[]): Promise<Set<string>> {
    const lists = [await minikube(profile, ["image", "ls", "--format=short"])];
    if (images.some((image) => copiedImage(image).alias !== undefined)) {
        lists.push(await inMachine(profile)([...CTR, "ls", "--quiet"]));
    }
    return new Set(lists.flatMap((list) => list.split("\n")).map((line) => line.trim()));
}

/**
 * Brings those of the images into minikube's machine that it does not have: from the lab's registry what it can pull
 * there, and everything else from Docker's store.
 * @param registry default: the lab has none
 * @throws Error naming the images that are not there afterwards: `minikube image load` ends with 0 also when it failed
 */
export async function loadImages(
    profile: string,
    images: readonly string[],
    say: (text: string) => void,
    registry?: NodeRegistry,
): Promise<void> {
    const present = await imagesIn(profile, images);
    const absent = images.filter((image) => !present.has(fullReference(image)));
    say(`${images.length - absent.length} of ${images.length} images are in ${profile} already`);
    const missing = registry === undefined ? absent : await pullInNode(inMachine(profile), registry, absent, say);
    const limit = pLimit(AT_A_TIME);
    let done = 0;
    const load = async (image: string): Promise<void> => {
        const began = Date.now();
        await loadImage(profile, image);
        done++;
        say(`${done} of ${missing.length}: ${image} (${duration(Date.now() - began)})`);
    };
    try {
        await Promise.all(missing.map((image) => limit(load, image)));
    } finally {
        // After a failure only what has begun goes on.
        limit.clearQueue();
    }
    const after = absent.length > 0 ? await imagesIn(profile, images) : present;
    const lacking = images.filter((image) => !after.has(fullReference(image)));
    if (lacking.length > 0) {
        throw new Error(`neither a pull nor minikube image load has brought ${lacking.join(", ")} into ${profile}`);
    }
}

/** By way of a file that goes again: of an image by its name minikube would keep a copy in the user's folder. */
async function loadImage(profile: string, image: string): Promise<void> {
    const copied = copiedImage(image);
    const folder = await mkdtemp(join(tmpdir(), `${profile}-`));
    try {
        // minikube copies it under its name into one folder of the machine, for several images at the same time.
        const file = join(folder, `${image.replace(/[^a-zA-Z0-9.-]/g, "-")}.tar`);
        await withTags([copied], (names) =>
            run("docker", ["save", "--output", file, ...names], { timeoutMs: LIMIT_MS }),
        );
        await minikube(profile, ["image", "load", file]);
        for (const command of renamesInNode(copied)) {
            await inMachine(profile)(command);
        }
    } finally {
        await rm(folder, { recursive: true, force: true });
    }
}
