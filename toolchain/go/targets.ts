import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { contentOf, keyOf } from "../cache/keys";
import { repoPath, repoRoot } from "../paths";

const targetSchema = z.strictObject({
    /** Name of the binary: how images and the lab ask for it. */
    name: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, "lower-case letters, digits, dots and dashes"),
    /** Folder of the Go module, from the checkout's top. */
    module: z.string().min(1),
    /** The package to build: an import path, or a folder of the module beginning with "./". */
    package: z.string().min(1),
    /** Version of what is built, as its upstream counts. */
    version: z.string().min(1),
    ldflags: z.string().default(""),
    tags: z.array(z.string()).default([]),
    /** Environment of the build, for instance CGO_ENABLED. */
    env: z.record(z.string(), z.string()).default({}),
    /** A shell command run in the module's folder before the build; it may write only beneath $PREBUILD_DIR or what git ignores. */
    prebuild: z.string().optional(),
    /** File name of the result. Default: the name. */
    output: z.string().optional(),
    /** Further files or folders of the checkout that change the result. */
    inputs: z.array(z.string()).default([]),
});

const fileSchema = z.strictObject({ targets: z.array(targetSchema).min(1) });

/** One binary built from a Go module of this repository. */
export type GoTarget = z.infer<typeof targetSchema>;

/** Reads the text of targets.yaml. @throws Error naming every problem at once */
export function parseTargets(text: string, file = "targets.yaml"): GoTarget[] {
    const result = fileSchema.safeParse(parse(text));
    if (!result.success) {
        throw new Error(
            `${file}: ${result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ")}`,
        );
    }
    const names = result.data.targets.map((target) => target.name);
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    if (twice.length > 0) {
        throw new Error(`${file}: more than one target is named ${[...new Set(twice)].join(", ")}`);
    }
    return result.data.targets;
}

let known: GoTarget[] | undefined;

/** The targets of toolchain/go/targets.yaml. */
export function goTargets(): GoTarget[] {
    const file = repoPath("toolchain", "go", "targets.yaml");
    known ??= parseTargets(readFileSync(file, "utf8"), "toolchain/go/targets.yaml");
    return known;
}

/** The target of that name. @throws Error listing those there are */
export function goTarget(name: string): GoTarget {
    const found = goTargets().find((target) => target.name === name);
    if (found === undefined) {
        throw new Error(
            `toolchain/go/targets.yaml has no target "${name}": it has ${goTargets()
                .map((target) => target.name)
                .join(", ")}`,
        );
    }
    return found;
}

/** Folders outside the module which its go.mod replaces modules with: part of what is built. */
export function localReplacements(moduleDir: string): string[] {
    const file = join(moduleDir, "go.mod");
    if (!existsSync(file)) {
        throw new Error(`${file} is missing: it is no Go module`);
    }
    const found = [...readFileSync(file, "utf8").matchAll(/=>\s+(\.\.?\/\S+)/g)].map((match) =>
        resolve(moduleDir, match[1] as string),
    );
    return [...new Set(found)].sort();
}

/**
 * What a target's result depends on: the module's files (without tests), folders it replaces modules with, the target's entry, Go's version.
 * The modules from elsewhere are fixed by go.sum, which is among the files.
 */
export function goInputs(target: GoTarget, goVersion: string, root = repoRoot): unknown {
    const moduleDir = join(root, target.module);
    const folders = [moduleDir, ...localReplacements(moduleDir), ...target.inputs.map((input) => join(root, input))];
    // A package of the module in a folder of its own does not change when the module's other programs do; but what it imports of the module is not
    // known without asking Go, so the whole module counts.
    return {
        target,
        goVersion,
        platform: "linux/amd64",
        sources: Object.fromEntries(
            folders.map((folder) => [relative(root, folder) || dirname(folder), contentOf(folder)]),
        ),
    };
}

/** Short key of a target's result. */
export function goKey(target: GoTarget, goVersion: string, root = repoRoot): string {
    return keyOf(goInputs(target, goVersion, root));
}
