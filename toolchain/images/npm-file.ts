import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as tar from "tar";
import type { Cache, Recipe } from "../cache/cache";
import { run } from "../run";

interface NpmFile {
    package: string;
    version: string;
    /** The hash of the package's archive, in the form of a package-lock.json. */
    integrity: string;
    /** Path of the wanted file inside the package. */
    file: string;
}

function npmFileRecipe(wanted: NpmFile): Recipe {
    return { name: wanted.package.replace(/[^a-z0-9.-]/g, "-").replace(/^-/, ""), inputs: wanted };
}

/**
 * One file of an npm package. npm itself fetches the package, with its own registry, proxy and certificates; the
 * archive is compared with the pinned hash.
 * @returns the file's path in the cache
 */
export async function npmFile(
    cache: Cache,
    wanted: NpmFile,
    options: { log: string; signal?: AbortSignal | undefined },
): Promise<string> {
    const name = wanted.file.split("/").at(-1) as string;
    const dir = await cache.ensure(
        npmFileRecipe(wanted),
        async (target) => {
            const unpacked = join(target, "package");
            await mkdir(unpacked);
            await run("npm", ["pack", `${wanted.package}@${wanted.version}`, "--pack-destination", target], {
                cwd: target,
                log: options.log,
                timeoutMs: 15 * 60_000,
                signal: options.signal,
            });
            const archive = (await readdir(target)).find((file) => file.endsWith(".tgz"));
            if (archive === undefined) {
                throw new Error(`npm pack ${wanted.package}@${wanted.version} left no archive`);
            }
            const path = join(target, archive);
            const found = `sha512-${createHash("sha512")
                .update(await readFile(path))
                .digest("base64")}`;
            if (found !== wanted.integrity) {
                throw new Error(
                    `${wanted.package}@${wanted.version} has integrity ${found}, not ${wanted.integrity} as pinned`,
                );
            }
            await tar.extract({ file: path, cwd: unpacked, strip: 1 });
            await copyFile(join(unpacked, wanted.file), join(target, name));
            await rm(unpacked, { recursive: true });
            await rm(path);
        },
        { signal: options.signal },
    );
    return join(dir, name);
}

/** Copies a file, and makes the folder for it first. */
export async function place(from: string, to: string): Promise<void> {
    await mkdir(dirname(to), { recursive: true });
    await copyFile(from, to);
}
