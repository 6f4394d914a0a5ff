import { chmod, copyFile, cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build as bundle } from "esbuild";
import type { Cache } from "../cache/cache";
import { repoPath } from "../paths";
import type { StepHandle } from "../progress";
import { look, run } from "../run";
import { MACHINE_CA, buildDebianBase } from "./debian-base";
import { npmFile, place } from "./npm-file";
import { dockerfileDir, imageRecipe } from "./recipes";
import { builtReference } from "./reference";

export interface ImageBuildOptions {
    cache: Cache;
    /** Path of a built Go target. */
    binary: (name: string) => Promise<string>;
    log: string;
    signal?: AbortSignal | undefined;
}

/** Settings of this machine that a build inside a container needs as well, where they are set. Docker hands the proxies on by itself when asked. */
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

/** Longest build of one image: the largest installs 300 MB of packages. */
const BUILD_LIMIT_MS = 30 * 60_000;

/** Whether Docker has the image. */
export async function haveImage(reference: string): Promise<boolean> {
    return (await look("docker", ["image", "inspect", "--format", "{{.Id}}", reference])) !== undefined;
}

/** Everything the Dockerfile may COPY: its own folder, the recipe's parts, and `ca-bundle.crt` (empty where the machine has none). */
async function fillContext(context: string, name: string, options: ImageBuildOptions): Promise<void> {
    const recipe = imageRecipe(name);
    await cp(dockerfileDir(name), context, { recursive: true });
    if (MACHINE_CA === undefined) {
        await writeFile(join(context, "ca-bundle.crt"), "");
    } else {
        await copyFile(MACHINE_CA, join(context, "ca-bundle.crt"));
    }
    for (const binary of recipe.binaries) {
        await place(await options.binary(binary), join(context, binary));
        await chmod(join(context, binary), 0o755);
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

/**
 * Builds an image under its reference, whether it is there or not. The image it is built on must be there.
 *
 * Docker's classic builder and BuildKit both do: the lab's Dockerfiles use neither's special features. The classic one is asked for where it exists,
 * because BuildKit of Docker before 23 needs its front end from a registry.
 */
export async function buildImage(name: string, options: ImageBuildOptions, step: StepHandle): Promise<void> {
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
        const buildArgs = Object.entries(args).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
        // --force-rm: a build that fails leaves no container behind. Host network: the machine's own resolver and proxy on loopback work inside.
        await run(
            "docker",
            [
                "build",
                "--force-rm",
                "--network",
                "host",
                "--label",
                `metal3-scale-lab.image=${name}`,
                ...buildArgs,
                "-t",
                reference,
                context,
            ],
            {
                env: { DOCKER_BUILDKIT: "0" },
                timeoutMs: BUILD_LIMIT_MS,
                log: options.log,
                signal: options.signal,
            },
        );
    } finally {
        await rm(context, { recursive: true, force: true });
    }
}

/** Pulls an image that is used as upstream publishes it. */
export async function pullImage(
    reference: string,
    options: { log: string; signal?: AbortSignal | undefined },
): Promise<void> {
    await run("docker", ["pull", reference], { timeoutMs: BUILD_LIMIT_MS, log: options.log, signal: options.signal });
}
