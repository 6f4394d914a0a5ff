import { chmod, copyFile, cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build as bundle } from "esbuild";
import pLimit from "p-limit";
import { UserError } from "../../plan/user-error";
import type { Cache } from "../cache/cache";
import { withLock } from "../cache/lock";
import { outputOf } from "../go/build";
import { goTarget } from "../go/targets";
import { repoPath } from "../paths";
import type { StepHandle } from "../progress";
import { failureText, look, run } from "../run";
import { MACHINE_CA, buildDebianBase } from "./debian-base";
import { npmFile, place } from "./npm-file";
import { dockerfileDir, imageRecipe } from "./recipes";
import { builtReference } from "./reference";

export interface ImageBuildOptions {
    cache: Cache;
    /** Gives the path of a Go target, once it is built. */
    binary: (name: string) => Promise<string>;
    log: string;
    signal?: AbortSignal | undefined;
}

/**
 * Settings of this machine that a build inside a container needs as well. A Dockerfile has to declare those of pip with
 * ARG; Docker knows the proxies' names by itself.
 */
const PASSED_ON = [
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_TRUSTED_HOST",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
];

/** Longest build of one image, milliseconds: the largest installs 300 MB of packages. */
const BUILD_LIMIT_MS = 30 * 60_000;

/**
 * Questions to Docker at the same time. Fifteen at once took more than a minute each on a machine that is ten times
 * slower, most of it for the start of the commands.
 */
const questions = pLimit(3);

/** Whether Docker has the image. */
export const haveImage = (reference: string): Promise<boolean> =>
    questions(async () => (await look("docker", ["image", "inspect", "--format", "{{.Id}}", reference])) !== undefined);

/**
 * Fills the build context: the Dockerfile's own folder, the recipe's parts, and `ca-bundle.crt`, which is empty where
 * the machine has no bundle of certificates.
 */
async function fillContext(context: string, name: string, options: ImageBuildOptions): Promise<void> {
    const recipe = imageRecipe(name);
    await cp(dockerfileDir(name), context, { recursive: true });
    if (MACHINE_CA === undefined) {
        await writeFile(join(context, "ca-bundle.crt"), "");
    } else {
        await copyFile(MACHINE_CA, join(context, "ca-bundle.crt"));
    }
    for (const binary of recipe.binaries) {
        const to = join(context, outputOf(goTarget(binary)));
        await place(await options.binary(binary), to);
        await chmod(to, 0o755);
    }
    for (const [to, image] of Object.entries(recipe.archives ?? {})) {
        await mkdir(dirname(join(context, to)), { recursive: true });
        await run("docker", ["save", "-o", join(context, to), builtReference(image)], {
            timeoutMs: BUILD_LIMIT_MS,
            log: options.log,
            signal: options.signal,
        });
    }
    for (const [to, from] of Object.entries(recipe.files)) {
        await mkdir(dirname(join(context, to)), { recursive: true });
        await cp(repoPath(from), join(context, to), { recursive: true });
    }
    for (const [to, { entry }] of Object.entries(recipe.bundles)) {
        await bundle({
            entryPoints: [repoPath(entry)],
            outfile: join(context, to),
            bundle: true,
            platform: "node",
            format: "cjs",
            target: "node20",
            sourcemap: "inline",
            sourcesContent: false,
            legalComments: "none",
            logLevel: "silent",
            absWorkingDir: repoPath(),
        });
    }
    for (const [to, wanted] of Object.entries(recipe.npm)) {
        await place(await npmFile(options.cache, wanted, options), join(context, to));
        await chmod(join(context, to), 0o755);
    }
}

interface DockerBuild {
    /** Name of the image, for its label. */
    name: string;
    reference: string;
    /** Folder with the Dockerfile and all that it copies. */
    context: string;
    /** Build arguments. */
    args: Record<string, string | undefined>;
}

/**
 * Runs `docker build`.
 *
 * The lab's Dockerfiles use no feature that only BuildKit or only Docker's classic builder has. The classic builder is
 * asked for where it exists, because BuildKit of Docker before 23 needs its front end from a registry.
 */
export async function dockerBuild(
    { name, reference, context, args }: DockerBuild,
    { log, signal }: { log: string; signal?: AbortSignal | undefined },
): Promise<void> {
    const buildArgs = Object.entries(args).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
    const label = `metal3-scale-lab.image=${name}`;
    // With --force-rm a build that fails leaves no container behind. In the network of the host, the machine's own
    // resolver and a proxy on its loopback interface also work inside.
    await run(
        "docker",
        ["build", "--force-rm", "--network", "host", "--label", label, ...buildArgs, "-t", reference, context],
        { env: { DOCKER_BUILDKIT: "0" }, timeoutMs: BUILD_LIMIT_MS, log, signal },
    );
}

/**
 * Builds an image under its reference, whether Docker has it or not. Docker must have the image beneath it and
 * those inside it.
 */
async function buildImage(name: string, options: ImageBuildOptions, step: StepHandle): Promise<void> {
    const recipe = imageRecipe(name);
    const reference = builtReference(name);
    if (recipe.debootstrap !== undefined) {
        return buildDebianBase(
            { ...recipe.debootstrap, reference, pull: recipe.pull, log: options.log, signal: options.signal },
            step,
        );
    }
    const context = await mkdtemp(join(tmpdir(), `metal3-scale-lab-${name}-`));
    try {
        step.doing("collecting its parts");
        await fillContext(context, name, options);
        step.doing("docker build");
        const args = {
            ...recipe.args,
            ...(recipe.from === undefined ? {} : { BASE: builtReference(recipe.from) }),
            ...Object.fromEntries(PASSED_ON.flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : []))),
        };
        await dockerBuild({ name, reference, context, args }, options);
    } finally {
        await rm(context, { recursive: true, force: true });
    }
}

/**
 * Makes sure that Docker has a built image. Of several runs one builds it, and the others wait.
 * @param options.binary is asked only for the recipe's own programs, and only when the image is built
 */
export async function ensureImage(name: string, options: ImageBuildOptions, step: StepHandle): Promise<void> {
    await withLock(
        join(options.cache.root, "locks", `image-${name}`),
        `image ${name}`,
        async () => {
            if (!(await haveImage(builtReference(name)))) {
                await buildImage(name, options, step);
            }
        },
        { signal: options.signal, onWait: () => step.notice("waiting for another run that is building it") },
    );
}

/**
 * Pulls an image under the reference of whoever publishes it.
 * @throws UserError naming the keys by which it is wanted
 */
export async function pullImage(
    reference: string,
    options: { log: string; signal?: AbortSignal | undefined },
): Promise<void> {
    try {
        await run("docker", ["pull", "--quiet", reference], { ...options, timeoutMs: BUILD_LIMIT_MS });
    } catch (error) {
        options.signal?.throwIfAborted();
        throw new UserError(
            "images.source = pull, images.overrides, or a version that is not built here (docs/versions.md): " +
                `${reference} cannot be pulled: ${failureText(error)}. With the source auto, what cannot be pulled ` +
                "is built where it can be: pulumi config set --path images.source auto",
        );
    }
}
