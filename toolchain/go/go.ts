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

/** A Go that may build the lab's programs. */
export interface FoundGo {
    /** The go command. */
    path: string;
    version: string;
    where: "PATH" | "cache";
}

interface GoOptions {
    cache: Cache;
    log: string;
    notice?: (text: string) => void;
    signal?: AbortSignal | undefined;
}

/** The version in the output of `go version`: `go1.26.8` → `1.26.8`. undefined for versions that are no release. */
export function parseGoVersion(text: string): string | undefined {
    const match = /\bgo(\d+\.\d+)(\.\d+)?(?=\s|$)/.exec(text);
    return match === null ? undefined : (valid(`${match[1]}${match[2] ?? ".0"}`) ?? undefined);
}

/** Whether a Go of that version may build the lab's programs: it is the oldest allowed one or newer. */
export function goFits(version: string): boolean {
    return gte(version, versions().go.minimum);
}

async function goOnPath(): Promise<{ version: string } | undefined> {
    // With GOTOOLCHAIN=local the command names the installed version, and not one that it would download.
    const said = await look("go", ["version"], { env: { GOTOOLCHAIN: "local" } });
    const version = said === undefined ? undefined : parseGoVersion(said);
    return version === undefined ? undefined : { version };
}

/** The cache entry of the pinned Go. */
function goRecipe(): Recipe {
    return { name: "go", inputs: { ...versions().go, platform: "linux/amd64" } };
}

/** Looks for a Go that may build the lab's programs: on PATH, then in the cache. Fetches nothing. */
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
 * The hash of a module's files in the form of go.sum ("h1:"): SHA-256 over the sorted lines
 * `<SHA-256 of the file>  <module>@<version>/<path>`. Source: golang.org/x/mod/sumdb/dirhash, Hash1.
 *
 * @param prefix `<module>@<version>`
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

/**
 * Sets the executable bit on Go's commands, as Go itself does when it fetches a toolchain: modules are stored without
 * it.
 */
async function makeExecutable(root: string): Promise<void> {
    for (const folder of ["bin", join("pkg", "tool", "linux_amd64")]) {
        for (const name of await readdir(join(root, folder)).catch(() => [])) {
            await chmod(join(root, folder, name), 0o755);
        }
    }
}

/**
 * Fetches the pinned Go as the module `golang.org/toolchain`, from the registry that the installed `go` command is
 * set up for. Any Go can do that, also one that is too old to compile the lab.
 */
async function fetchGo(target: string, options: GoOptions): Promise<void> {
    if ((await goOnPath()) === undefined) {
        if (!(await aptUsable())) {
            throw new Error(
                "Go is needed to build the programs that this machine lacks, and it is not on PATH: install Go " +
                    `${versions().go.minimum} or newer, or an older one that can fetch it, ` +
                    "or run the lab as root on Debian or Ubuntu.",
            );
        }
        options.notice?.("installing golang-go, which fetches the pinned Go");
        await aptInstall(["golang-go", "ca-certificates"], options);
    }
    const { version, sum } = versions().go;
    const module = "golang.org/toolchain";
    const moduleVersion = `v0.0.1-go${version}.linux-amd64`;
    const said = await run("go", ["mod", "download", "-json", `${module}@${moduleVersion}`], {
        // A folder outside every Go module.
        cwd: target,
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

/** A Go that may build the lab's programs: the one on PATH if it fits, else the pinned one, fetched into the cache. */
export async function ensureGo(options: GoOptions): Promise<FoundGo> {
    const found = await findGo(options.cache);
    if (found !== undefined) {
        return found;
    }
    const dir = await options.cache.ensure(goRecipe(), (target) => fetchGo(target, options), options);
    return { path: join(dir, "go", "bin", "go"), version: versions().go.version, where: "cache" };
}
