import { join } from "node:path";
import { fullReference } from "../../plan/image-reference";
import { labImages } from "../images/reference";
import { answers, reachable } from "../reachable";
import { failureText, run } from "../run";
import type { Toolchain } from "../toolchain";
import type { LabNeeds } from "./needs";

/** Longest pull of one image, milliseconds. */
const PULL_LIMIT_MS = 20 * 60_000;

/** A registry answers 401 to whoever has not asked for a token yet (OCI distribution specification). */
const UNAUTHORIZED = 401;

/** An image that Docker lacks: the reference that it is to have here, and that of whoever publishes it. */
interface Lacking {
    local: string;
    published: string;
}

const registryOf = (reference: string): string => fullReference(reference).split("/", 1)[0] ?? "";

/** Where a registry says whether it is there. The one of docker.io has another name than its images have. */
const addressOf = (registry: string): string =>
    `https://${registry === "docker.io" ? "registry-1.docker.io" : registry}/v2/`;

const isThere = (address: string): Promise<boolean> => answers(address, [UNAUTHORIZED]);

/**
 * With the source `auto`, takes images that Docker lacks as upstream publishes them, where this machine reaches
 * upstream's registries. Each gets the reference that the lab would build it under, so that a preview does not depend
 * on it. What is not reached is left to be built.
 * @param missing names under which images are built that Docker lacks
 * @param probe asks whether a registry answers
 */
export async function takeFromUpstream(
    toolchain: Toolchain,
    { images }: Pick<LabNeeds, "images">,
    missing: readonly string[],
    probe = isThere,
): Promise<void> {
    if (images.source !== "auto") {
        return;
    }
    const byRegistry = new Map<string, Lacking[]>();
    for (const { reference: local, built, published } of labImages(images)) {
        if (published !== undefined && built !== undefined && missing.includes(built)) {
            const registry = registryOf(published);
            byRegistry.set(registry, [...(byRegistry.get(registry) ?? []), { local, published }]);
        }
    }
    for (const [registry, lacking] of byRegistry) {
        const memory = join(toolchain.cache.root, `registry-${registry}.json`);
        if (await reachable(memory, addressOf(registry), probe)) {
            await pullAll(toolchain, registry, lacking);
        } else {
            toolchain.progress.line(`${registry} is not reached: ${lacking.length} images of upstream are built here`);
        }
    }
}

/** Pulls images of one registry, until one cannot be pulled: the same will hold for the others. */
async function pullAll(toolchain: Toolchain, registry: string, lacking: Lacking[]): Promise<void> {
    await toolchain.progress.step(`images from ${registry}`, async (step) => {
        const options = { timeoutMs: PULL_LIMIT_MS, log: toolchain.log("upstream"), signal: toolchain.signal };
        for (const [index, { local, published }] of lacking.entries()) {
            step.doing(published);
            try {
                await run("docker", ["pull", "--quiet", published], options);
            } catch (error) {
                toolchain.signal.throwIfAborted();
                const left = lacking.length - index;
                step.notice(`${published} cannot be pulled, and ${left} images are built here: ${failureText(error)}`);
                return;
            }
            await run("docker", ["tag", published, local], options);
        }
        step.notice(`${lacking.length} images of upstream were pulled`);
    });
}
