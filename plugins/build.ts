/** Builds the stand-in plugins: one executable JavaScript file each, with all it needs inside, so that it outlives the checkout. */
import { chmod, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

export interface BuiltPlugin {
    kind: "language" | "resource";
    name: string;
    version: string;
    /** The executable. A resource plugin is installed with `pulumi plugin install resource NAME VERSION --file FILE`; a language host belongs on PATH. */
    file: string;
}

/** Versions are those of the npm packages whose tokens and types the plugins serve: a program's package asks for exactly them. */
const PLUGINS = [
    { kind: "language", name: "nodejs", version: "3.259.0" },
    { kind: "resource", name: "docker", version: "5.2.0" },
    { kind: "resource", name: "random", version: "4.21.2" },
    { kind: "resource", name: "command", version: "1.2.1" },
] as const;

/**
 * Compiles every plugin into `outDir` (made where it is missing).
 *
 * Each file appears whole or not at all, so that a build killed half-way leaves nothing that looks finished.
 */
export async function buildPlugins(outDir: string): Promise<BuiltPlugin[]> {
    await mkdir(outDir, { recursive: true });
    return Promise.all(
        PLUGINS.map(async ({ kind, name, version }) => {
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
                // Optional native helpers of ssh2, which dockerode needs for ssh:// hosts only; it goes on without them.
                external: ["cpu-features", "*.node"],
                logLevel: "error",
            });
            await chmod(partial, 0o755);
            await rename(partial, file);
            return { kind, name, version, file };
        }),
    );
}
