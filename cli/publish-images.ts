import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../plan/user-error";
import { isLoopback, registryHost } from "../tasks/registry/insecure";
import { isInRegistry } from "../tasks/registry/push";
import { run } from "../toolchain/run";
import { Session } from "./session";

export interface PublishOptions {
    /** Where to: a registry, and mostly a path in it: "ghcr.io/owner/repository". */
    registry: string;
    /** Tag of all images: "v1.2.0". */
    tag: string;
}

/** The images of the lab's own services, which nobody else publishes. */
export const PUBLISHED = ["fake-ipa", "sushy-tools", "fkas"] as const;

/** Longest transfer of one image, milliseconds. The largest has 150 MB. */
const PUSH_LIMIT_MS = 20 * 60_000;

/** Longest question to a registry, milliseconds. */
const ASK_LIMIT_MS = 60_000;

const TAG = /^v\d+\.\d+\.\d+[\w.-]*$/;

/**
 * The reference under which an image is published. Names of images have no capitals, names of repositories may.
 * @throws UserError for a tag that might come to mean another image
 */
export function publishedReference(name: string, { registry, tag }: PublishOptions): string {
    if (!TAG.test(tag)) {
        throw new UserError(`--tag: ${tag}: must be a version such as v1.2.0`);
    }
    return `${registry.toLowerCase().replace(/\/$/, "")}/${name}:${tag}`;
}

/** Docker's configuration for the one push: a login of the environment's user, or the person's own logins. */
async function withLogin<T>(registry: string, work: (env: NodeJS.ProcessEnv) => Promise<T>): Promise<T> {
    const { REGISTRY_USER: user, REGISTRY_PASSWORD: password } = process.env;
    if (!user || !password) {
        return work({});
    }
    const folder = await mkdtemp(join(tmpdir(), "metal3-scale-lab-login-"));
    try {
        const env = { DOCKER_CONFIG: folder };
        const host = registryHost(registry);
        await run("docker", ["login", "--username", user, "--password-stdin", host], {
            env,
            input: password,
            timeoutMs: ASK_LIMIT_MS,
        });
        return await work(env);
    } finally {
        await rm(folder, { recursive: true, force: true });
    }
}

/**
 * `npm run publish-images`: builds the images of the lab's own services where they are missing, and pushes them under a
 * version. A version that the registry has already stays as it is.
 * @returns the exit code
 */
export async function publishImages(options: PublishOptions): Promise<number> {
    const targets = PUBLISHED.map((name) => ({ name, reference: publishedReference(name, options) }));
    const { toolchain, progress } = new Session();
    const built = new Map<string, string>();
    for (const { name } of targets) {
        built.set(name, await toolchain.image(name));
    }
    await withLogin(options.registry, async (env) => {
        for (const { name, reference } of targets) {
            // Docker itself takes a registry of this machine without TLS; of any other that has to be said.
            if (await isInRegistry(reference, isLoopback(registryHost(reference)), env)) {
                progress.line(`${reference} is there already, and stays as it is`);
                continue;
            }
            await progress.step(`push ${reference}`, async () => {
                await run("docker", ["tag", built.get(name) as string, reference], { timeoutMs: ASK_LIMIT_MS });
                await run("docker", ["push", reference], { env, timeoutMs: PUSH_LIMIT_MS });
            });
            const digests = await run(
                "docker",
                ["image", "inspect", "--format", "{{range .RepoDigests}}{{println .}}{{end}}", reference],
                { timeoutMs: ASK_LIMIT_MS },
            );
            const repository = reference.slice(0, reference.lastIndexOf(":"));
            const digest = digests.split("\n").find((line) => line.startsWith(`${repository}@`));
            process.stdout.write(`${reference} ${digest ?? ""}\n`);
        }
    });
    return 0;
}
