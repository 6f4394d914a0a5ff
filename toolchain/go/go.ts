import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, cp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { gte, valid } from "semver";
import type { Cache, Recipe } from "../cache/cache";
import { aptInstall, aptUsable } from "../docker/apt";
import { look, run } from "../run";
import { versions } from "../versions";

/** A Go that fits. */
export interface FoundGo {
    /** The go command. */
    path: string;
    version: string;
    where: "PATH" | "cache";
}

export interface GoOptions {
    cache: Cache;
    log: string;
    notice?: (text: string) => void;
    signal?: AbortSignal | undefined;
}

/** `go1.26.8` → `1.26.8`, `go1.26rc1` → undefined (no released version). */
export function parseGoVersion(text: string): string | undefined {
    const match = /\bgo(\d+\.\d+)(\.\d+)?(?=\s|$)/.exec(text);
    return match === null ? undefined : (valid(`${match[1]}${match[2] ?? ".0"}`) ?? undefined);
}

/** Whether a Go of that version may build the lab's programs: the pinned minor version, or newer. */
export function goFits(version: string): boolean {
    return gte(version, versions().go.minimum);
}

async function goOnPath(): Promise<{ version: string } | undefined> {
    // GOTOOLCHAIN=local: what is installed, not what it would download.
    const said = await look("go", ["version"], { env: { GOTOOLCHAIN: "local" } });
    const version = said === undefined ? undefined : parseGoVersion(said);
    return version === undefined ? undefined : { version };
}

export function goRecipe(): Recipe {
    return { name: "go", inputs: { ...versions().go, platform: "linux/amd64" } };
}

/** Looks for a fitting Go. Fetches nothing. */
export async function findGo(cache: Cache): Promise<FoundGo | undefined> {
    const installed = await goOnPath();
    if (installed !== undefined && goFits(installed.version)) {
        return { path: "go", version: installed.version, where: "PATH" };
    }
    const cached = await cache.stateOf(goRecipe());
    if (cached.state === "present") {
        return {
            path: join(cache.pathOf(goRecipe()), "go", "bin", "go"),
            version: versions().go.version,
            where: "cache",
        };
    }
    return undefined;
}

/**
 * The hash of a module's files as go.sum has it ("h1:"): SHA-256 over the sorted lines `<sha256 of the file>  <module>@<version>/<path>`.
 * Source: golang.org/x/mod/sumdb/dirhash, Hash1.
 */
export async function moduleHash(dir: string, prefix: string): Promise<string> {
    const names = (await readdir(dir, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1));
    const total = createHash("sha256");
    for (const name of names.map((name) => `${prefix}/${name}`).sort()) {
        const hash = createHash("sha256");
        await pipeline(createReadStream(join(dir, name.slice(prefix.length + 1))), hash);
        total.update(`${hash.digest("hex")}  ${name}\n`);
    }
    return `h1:${total.digest("base64")}`;
}

/** A module's files are stored without the executable bit; Go sets it on its own commands when it fetches a toolchain, so do we. */
async function makeExecutable(root: string): Promise<void> {
    for (const folder of ["bin", join("pkg", "tool", "linux_amd64")]) {
        for (const name of await readdir(join(root, folder)).catch(() => [])) {
            await chmod(join(root, folder, name), 0o755);
        }
    }
}

/**
 * Fetches the pinned Go as the module `golang.org/toolchain`, through whatever registry the `go` command at hand is set up for. Any Go can: it need
 * not be able to compile the lab.
 */
async function fetchGo(target: string, options: GoOptions): Promise<void> {
    if ((await goOnPath()) === undefined) {
        if (!(await aptUsable())) {
            throw new Error(
                `Go is needed to build what this machine lacks, and is not on PATH: install Go ${versions().go.minimum} or newer (any older one will do to fetch it), or run the lab as root on Debian or Ubuntu.`,
            );
        }
        options.notice?.("installing golang-go, to fetch the pinned Go with it");
        await aptInstall(["golang-go", "ca-certificates"], options);
    }
    const { version, sum } = versions().go;
    const module = "golang.org/toolchain";
    const moduleVersion = `v0.0.1-go${version}.linux-amd64`;
    const said = await run("go", ["mod", "download", "-json", `${module}@${moduleVersion}`], {
        cwd: target, // in no module
        env: { GOTOOLCHAIN: "local", GOFLAGS: "-modcacherw", GO111MODULE: "on", GOWORK: "off" },
        log: options.log,
        timeoutMs: 20 * 60_000,
        signal: options.signal,
    });
    const { Dir } = JSON.parse(said.slice(said.indexOf("{"))) as { Dir: string };
    const found = await moduleHash(Dir, `${module}@${moduleVersion}`);
    if (found !== sum) {
        throw new Error(`${module}@${moduleVersion} has the hash ${found}, not ${sum} as pinned`);
    }
    const root = join(target, "go");
    await cp(Dir, root, { recursive: true });
    await run("chmod", ["-R", "u+w", root], { timeoutMs: 60_000 });
    await makeExecutable(root);
}

/** A Go that can build the lab: on PATH at a fitting version, else in the cache, else fetched into it. */
export async function ensureGo(options: GoOptions): Promise<FoundGo> {
    const found = await findGo(options.cache);
    if (found !== undefined) {
        return found;
    }
    const dir = await options.cache.ensure(goRecipe(), (target) => fetchGo(target, options), options);
    return { path: join(dir, "go", "bin", "go"), version: versions().go.version, where: "cache" };
}
