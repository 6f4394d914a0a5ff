import { referenceBelow } from "../../plan/image-reference";
import { haveImage } from "../images/build";
import { labImages } from "../images/reference";
import { failureText, run } from "../run";
import type { Toolchain } from "../toolchain";
import type { LabNeeds } from "./needs";

/** Longest pull of one image, milliseconds. */
const PULL_LIMIT_MS = 20 * 60_000;

/** What a registry says of an image that it does not have. */
const LACKS = /not found|manifest unknown|name unknown/i;

/**
 * Takes images that Docker lacks from the lab's registry, where somebody has pushed them: nothing of those is built
 * here, nor pulled from upstream's registries. What the registry does not have either is left to be made.
 */
export async function takeFromRegistry(toolchain: Toolchain, { images, registry }: LabNeeds): Promise<void> {
    if (registry === undefined) {
        return;
    }
    const lacking: { local: string; reference: string }[] = [];
    for (const { name, reference: local } of labImages(images)) {
        if (!(name in images.overrides) && !(await haveImage(local))) {
            lacking.push({ local, reference: referenceBelow(registry, name, local) });
        }
    }
    if (lacking.length === 0) {
        return;
    }
    await toolchain.progress.step(`images from ${registry}`, async (step) => {
        const options = { timeoutMs: PULL_LIMIT_MS, log: toolchain.log("registry"), signal: toolchain.signal };
        let taken = 0;
        for (const { local, reference } of lacking) {
            step.doing(reference);
            try {
                await run("docker", ["pull", "--quiet", reference], options);
            } catch (error) {
                toolchain.signal.throwIfAborted();
                if (!LACKS.test(failureText(error))) {
                    // The same will hold for the others. Where it matters, a push says it as an error.
                    step.notice(`${reference} cannot be pulled: ${failureText(error)}`);
                    break;
                }
                continue;
            }
            await run("docker", ["tag", reference, local], options);
            taken++;
        }
        step.notice(`${taken} of ${lacking.length} images that Docker lacks were there`);
    });
}
