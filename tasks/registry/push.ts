import pLimit from "p-limit";
import { duration } from "../../lib/duration";
import type { RegistryImage } from "../../plan/image-reference";
import { UserError } from "../../plan/user-error";
import { lastLineOf, look, run } from "../../toolchain/run";
import { ensureInDocker } from "../docker-images";
import { isInsecureInDocker, registryHost } from "./insecure";

/** Longest push of one image, milliseconds: 400 MB at 350 KB/s. */
const PUSH_LIMIT_MS = 20 * 60_000;
/** Longest question to a registry, milliseconds. */
const ASK_LIMIT_MS = 60_000;
/** Images that are pushed at a time. */
const AT_A_TIME = 2;

/** What to do about an answer of a registry, by what stands in it. */
const HINTS: readonly [RegExp, (host: string) => string][] = [
    [
        /denied|unauthorized|authentication required|no basic auth/i,
        (host) => `'docker login ${host}' as somebody who may push there`,
    ],
    [
        /server gave HTTP response to HTTPS client/i,
        (host) => `it speaks plain HTTP: add "${host}" to insecure-registries in Docker's daemon.json`,
    ],
    [/certificate/i, (host) => `Docker looks for the certificate of its CA in /etc/docker/certs.d/${host}/ca.crt`],
    [
        /connection refused|no such host|i\/o timeout|timed out|timeout|no route/i,
        (host) => `is ${host} the right address, and does it run?`,
    ],
];

/** Why a push failed, with the way out where it is known. */
export function pushProblem(reference: string, reason: string): string {
    const host = registryHost(reference);
    const hint = HINTS.find(([pattern]) => pattern.test(reason))?.[1](host);
    return (
        `the registry ${host} (key imageRegistry) did not take ${reference}: ${reason}` +
        (hint === undefined ? "" : `. What helps: ${hint}`)
    );
}

/**
 * Whether a registry has an image. One that cannot be asked counts as one without it: the push says why.
 * @param insecure whether it may be asked without a certificate
 * @param env of Docker, beside that of this process
 */
export async function isInRegistry(
    reference: string,
    insecure: boolean,
    env: NodeJS.ProcessEnv = {},
): Promise<boolean> {
    const ask = ["manifest", "inspect", ...(insecure ? ["--insecure"] : []), reference];
    return (await look("docker", ask, { env, timeoutMs: ASK_LIMIT_MS })) !== undefined;
}

async function push({ local, reference }: RegistryImage): Promise<void> {
    await ensureInDocker(local);
    await run("docker", ["tag", local, reference], { timeoutMs: ASK_LIMIT_MS });
    try {
        await run("docker", ["push", "--quiet", reference], { timeoutMs: PUSH_LIMIT_MS });
    } catch (error) {
        throw new UserError(pushProblem(reference, lastLineOf(error) ?? (error as Error).message));
    }
}

/**
 * Pushes those of the images into their registry that it does not have, with the user's own `docker login`. What is
 * there is never replaced: another image has another tag.
 * @param say told each image that was pushed, and how many there were already
 * @throws UserError with the registry's reason, and what helps
 */
export async function pushImages(images: readonly RegistryImage[], say: (text: string) => void): Promise<void> {
    const insecure = await isInsecureInDocker(registryHost(images[0]?.reference ?? ""));
    const limit = pLimit(AT_A_TIME);
    let [there, pushed] = [0, 0];
    const pushWhereMissing = async (image: RegistryImage): Promise<void> => {
        if (await isInRegistry(image.reference, insecure)) {
            there++;
            return;
        }
        const began = Date.now();
        await push(image);
        pushed++;
        say(`pushed ${image.reference} (${duration(Date.now() - began)}), ${limit.pendingCount} more to look at`);
    };
    try {
        await Promise.all(images.map((image) => limit(pushWhereMissing, image)));
    } finally {
        // After a failure only what has begun goes on.
        limit.clearQueue();
    }
    say(`${there} of ${images.length} images were in the registry already, ${pushed} were pushed`);
}
