/**
 * Builds the replacement plugins. Each becomes one executable JavaScript file with everything it needs inside, so that
 * it outlives the checkout.
 */
import { chmod, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { VERSIONS } from "./versions";

export interface BuiltPlugin {
    kind: "language" | "resource";
    name: string;
    version: string;
    /**
     * The executable. `pulumi plugin install resource NAME VERSION --file FILE` installs a resource plugin; a language
     * host belongs on PATH.
     */
    file: string;
}

const PLUGINS = [
    { kind: "language", name: "nodejs" },
    { kind: "resource", name: "docker" },
    { kind: "resource", name: "random" },
    { kind: "resource", name: "command" },
] as const;

/**
 * Compiles every plugin into `outDir`, which is made where it is missing. Each file appears whole or not at all, so
 * that a build that is killed half-way leaves nothing that looks finished.
 */
export async function buildPlugins(outDir: string): Promise<BuiltPlugin[]> {
    await mkdir(outDir, { recursive: true });
    return Promise.all(
        PLUGINS.map(async ({ kind, name }) => {
            const file = join(outDir, `pulumi-${kind}-${name}`);
            const partial = `${file}.${process.pid}.partial`;
            await build({
                entryPoints: [join(__dirname, name, "main.ts")],
                outfile: partial,
                bundle: true,
                platform: "node",
                target: "node20",
                format: "cjs",
                minify: true,
                keepNames: true,
                legalComments: "none",
                banner: { js: "#!/usr/bin/env node" },
                // Optional native helpers of ssh2, which dockerode needs for ssh:// hosts only. It works without them.
                external: ["cpu-features", "*.node"],
                logLevel: "error",
            });
            await chmod(partial, 0o755);
            await rename(partial, file);
            return { kind, name, version: VERSIONS[name], file };
        }),
    );
}
