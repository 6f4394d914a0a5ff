import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cache, Recipe } from "../cache/cache";
import { withLock } from "../cache/lock";
import { repoPath } from "../paths";
import { run } from "../run";
import { versions } from "../versions";
import { ensureGo } from "./go";
import { goInputs, goTarget, type GoTarget } from "./targets";

/**
 * Longest build of one target, milliseconds. The slowest, the Kubernetes provider, took 9 minutes alone on 2 cores; a
 * busy machine may need several times that.
 */
const BUILD_LIMIT_MS = 60 * 60_000;

interface GoBuildOptions {
    cache: Cache;
    log: string;
    notice?: (text: string) => void;
    doing?: (text: string) => void;
    signal?: AbortSignal | undefined;
}

/** File name of a target's binary. */
export function outputOf(target: GoTarget): string {
    return target.output ?? target.name;
}

/**
 * The cache entry of a target. Its key holds the version of the pinned Go, not of the one found: any Go that fits may
 * build, and a preview must be the same on every machine.
 */
export function goBinaryRecipe(name: string): Recipe {
    const target = goTarget(name);
    return { name, inputs: goInputs(target, versions().go.version) };
}

/** Path of a target's binary, whether it is there or not. */
export function goBinaryPath(cache: Cache, name: string): string {
    return join(cache.pathOf(goBinaryRecipe(name)), outputOf(goTarget(name)));
}

async function compile(target: GoTarget, output: string, options: GoBuildOptions): Promise<void> {
    const go = await ensureGo({
        cache: options.cache,
        log: options.log,
        ...(options.notice ? { notice: options.notice } : {}),
        signal: options.signal,
    });
    const cwd = repoPath(target.module);
    const scratch = await mkdtemp(join(tmpdir(), `metal3-scale-lab-${target.name}-`));
    const env: Record<string, string> = {
        CGO_ENABLED: "0",
        GOOS: "linux",
        GOARCH: "amd64",
        // The Go found does the build: a go.mod that asks for a newer patch version must not start a download.
        GOTOOLCHAIN: "local",
        // A go.work file in a folder above the checkout must not change the build.
        GOWORK: "off",
        ...(go.where === "cache" ? { PATH: `${join(go.path, "..")}:${process.env["PATH"] ?? ""}` } : {}),
        ...target.env,
        PREBUILD_DIR: scratch,
    };
    const settings = { cwd, env, log: options.log, timeoutMs: BUILD_LIMIT_MS, signal: options.signal };
    try {
        if (target.prebuild !== undefined) {
            options.doing?.("preparing sources");
            await run("sh", ["-euc", target.prebuild], settings);
        }
        options.doing?.("fetching modules and compiling");
        const tags = target.tags.length > 0 ? ["-tags", target.tags.join(",")] : [];
        await run(
            go.path,
            [
                "build",
                "-mod=readonly",
                "-trimpath",
                "-buildvcs=false",
                ...tags,
                "-ldflags",
                target.ldflags,
                "-o",
                output,
                target.package,
            ],
            settings,
        );
    } finally {
        await rm(scratch, { recursive: true, force: true });
    }
}

/**
 * Makes sure that the binary of a target is in the cache.
 *
 * One compiler runs at a time on the machine, also among several runs of the lab: it alone uses all cores and
 * gigabytes of memory.
 * @returns the binary's path in the cache
 */
export async function ensureGoBinary(name: string, options: GoBuildOptions): Promise<string> {
    const target = goTarget(name);
    const lock = join(options.cache.root, "locks", "go-build");
    const dir = await options.cache.ensure(
        goBinaryRecipe(name),
        (to) =>
            withLock(lock, "Go programs", () => compile(target, join(to, outputOf(target)), options), {
                signal: options.signal,
                onWait: () => options.doing?.("waiting for the compiler"),
            }),
        options,
    );
    return join(dir, outputOf(target));
}
