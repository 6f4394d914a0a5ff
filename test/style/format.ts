/** The part of `npm run format` that Prettier does not do: Ruff's format for Python, and gofmt. */
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Cache } from "../../toolchain/cache/cache";
import { findGo } from "../../toolchain/go/go";
import { cacheRoot, repoPath } from "../../toolchain/paths";
import { run } from "../../toolchain/run";
import { formatPython } from "./python";
import { goFiles, pythonFiles } from "./tree";

async function main(): Promise<void> {
    for (const { path, text } of pythonFiles) {
        const formatted = formatPython(text);
        if (formatted !== text) {
            await writeFile(repoPath(path), formatted);
            process.stdout.write(`${path}\n`);
        }
    }
    const go = await findGo(new Cache(cacheRoot()));
    if (go === undefined) {
        throw new Error("gofmt comes with Go, which is neither on PATH nor in the cache: `npm run setup` makes it");
    }
    const gofmt = go.where === "PATH" ? "gofmt" : join(dirname(go.path), "gofmt");
    process.stdout.write(
        await run(gofmt, ["-l", "-w", ...goFiles.map(({ path }) => path)], {
            cwd: repoPath(),
            timeoutMs: 60_000,
        }),
    );
}

void main();
