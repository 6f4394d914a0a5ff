import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { repoPath } from "./paths";

const schema = z.strictObject({
    go: z.strictObject({ version: z.string(), sum: z.string().startsWith("h1:"), minimum: z.string() }),
    tools: z.record(
        z.string(),
        z.strictObject({ range: z.string(), command: z.array(z.string()), optional: z.boolean().default(false) }),
    ),
    disk: z.strictObject({
        cachePerProgram: z.number().positive(),
        goPerProgram: z.number().positive(),
        dockerPerImage: z.number().positive(),
    }),
});

/** One resource plugin of Pulumi. */
export interface PulumiPlugin {
    /** Its name as in `pulumi plugin install resource NAME`. */
    name: string;
    /** Its version without a leading v: a plugin has the version of the npm package that asks for it. */
    version: string;
    /** Whether only some labs use it: its package is a folder of this repository, not an npm package. */
    optional: boolean;
}

/** The content of toolchain/versions.yaml, and the plugins that package.json asks for. */
export type Versions = z.infer<typeof schema> & { plugins: PulumiPlugin[] };

const SDK = "@pulumi/pulumi";

/** How package.json names a package that is a folder of this repository. */
const FOLDER = "file:";

/** Each package `@pulumi/<name>` but the SDK belongs to a plugin of the same name and version. */
function pulumiPlugins(dependencies: Record<string, string>): PulumiPlugin[] {
    return Object.entries(dependencies).flatMap(([name, version]) => {
        if (!name.startsWith("@pulumi/") || name === SDK) {
            return [];
        }
        const optional = version.startsWith(FOLDER);
        return [
            {
                name: name.slice("@pulumi/".length),
                version: optional ? versionOf(version.slice(FOLDER.length)) : version,
                optional,
            },
        ];
    });
}

const versionOf = (folder: string): string =>
    (JSON.parse(readFileSync(repoPath(folder, "package.json"), "utf8")) as { version: string }).version;

let known: Versions | undefined;

/** Versions, hashes and sizes of what the toolchain itself needs. */
export function versions(): Versions {
    if (known === undefined) {
        const { dependencies } = JSON.parse(readFileSync(repoPath("package.json"), "utf8")) as {
            dependencies: Record<string, string>;
        };
        const file = schema.parse(parse(readFileSync(repoPath("toolchain", "versions.yaml"), "utf8")));
        known = { ...file, plugins: pulumiPlugins(dependencies) };
    }
    return known;
}
