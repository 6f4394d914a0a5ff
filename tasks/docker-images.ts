import { run } from "../toolchain/run";

/** Longest pull of one image, milliseconds. */
const TIMEOUT_MS = 10 * 60 * 1000;

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
