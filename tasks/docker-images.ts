import { fullReference, type CopiedImage } from "../plan/image-reference";
import { run } from "../toolchain/run";

/** Longest pull of one image, milliseconds. */
const TIMEOUT_MS = 10 * 60 * 1000;
/** Longest change of a tag, milliseconds. */
const TAG_LIMIT_MS = 60_000;
/** The command for the images that a node's containerd has for Kubernetes. */
export const CTR = ["ctr", "--namespace", "k8s.io", "images"] as const;

/**
 * Makes sure that Docker has images, and has a tag for each as long as a work takes.
 * @param work gets the names that `docker save` writes into its archive
 */
export async function withTags<T>(
    images: readonly CopiedImage[],
    work: (names: readonly string[]) => Promise<T>,
): Promise<T> {
    const aliases = images.flatMap(({ reference, alias }) => (alias === undefined ? [] : [{ reference, alias }]));
    for (const { reference } of images) {
        await ensureInDocker(reference);
    }
    for (const { reference, alias } of aliases) {
        await run("docker", ["tag", reference, alias], { timeoutMs: TAG_LIMIT_MS });
    }
    try {
        return await work(images.map(({ reference, alias }) => alias ?? reference));
    } finally {
        for (const { alias } of aliases) {
            await run("docker", ["rmi", alias], { timeoutMs: TAG_LIMIT_MS });
        }
    }
}

/**
 * The command that gives an image in a node's containerd the name by which pods look for it, and the one that takes
 * away the tag under which it came. Empty where it came under its own name.
 */
export const renamesInNode = ({ reference, alias }: CopiedImage): string[][] =>
    alias === undefined
        ? []
        : [
              [...CTR, "tag", "--force", fullReference(alias), fullReference(reference)],
              [...CTR, "rm", fullReference(alias)],
          ];

/** Makes sure that Docker has an image. Images of our own are built before; others are pulled when they are missing. */
export async function ensureInDocker(image: string): Promise<void> {
    const { execa } = await import("execa");
    const { exitCode } = await execa("docker", ["image", "inspect", image], { reject: false });
    if (exitCode === 0) {
        return;
    }
    if (image.startsWith("metal3-scale-lab/")) {
        throw new Error(`the image ${image} is not in Docker's store: 'npm run setup' builds it`);
    }
    await run("docker", ["pull", "--quiet", image], { timeoutMs: TIMEOUT_MS });
}
