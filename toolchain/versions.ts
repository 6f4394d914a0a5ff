import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { repoPath } from "./paths";

const schema = z.strictObject({
    go: z.strictObject({ version: z.string(), sum: z.string().startsWith("h1:"), minimum: z.string() }),
    tools: z.record(z.string(), z.strictObject({ range: z.string(), command: z.array(z.string()) })),
    plugins: z.array(z.strictObject({ kind: z.literal("resource"), name: z.string(), version: z.string() })),
    disk: z.strictObject({
        cachePerProgram: z.number().positive(),
        goPerProgram: z.number().positive(),
        dockerPerImage: z.number().positive(),
    }),
});

/** The content of toolchain/versions.yaml. */
export type Versions = z.infer<typeof schema>;

let known: Versions | undefined;

/** Versions and hashes of the tools the toolchain needs. */
export function versions(): Versions {
    known ??= schema.parse(parse(readFileSync(repoPath("toolchain", "versions.yaml"), "utf8")));
    return known;
}
