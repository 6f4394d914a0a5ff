import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { contentOf, keyOf } from "../cache/keys";
import { repoPath, repoRoot } from "../paths";

const targetSchema = z.strictObject({
    /** The target's name, by which images and the toolchain ask for it. */
    name: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, "lower-case letters, digits, dots and dashes"),
    /** Folder of the Go module, relative to the checkout's top. */
    module: z.string().min(1),
    /** The package to build: an import path, "." or a folder of the module that begins with "./". */
    package: z.string().min(1),
    /** The program's version, in upstream's own form; "1" for a program of ours. */
    version: z.string().min(1),
    ldflags: z.string().default(""),
    tags: z.array(z.string()).default([]),
    /** Environment of the build, for instance CGO_ENABLED. */
    env: z.record(z.string(), z.string()).default({}),
    /**
     * A shell command that runs in the module's folder before the build. It may write only beneath $PREBUILD_DIR and to
     * files that git ignores.
     */
    prebuild: z.string().optional(),
    /** The only substrate that needs the program. Default: every lab or its tests do. */
    substrate: z.literal("minikube").optional(),
    /** File name of the binary. Default: the target's name. */
    output: z.string().optional(),
    /** Files or folders outside the module that change the binary. */
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

/** The target of that name. @throws Error listing the targets there are */
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

/** Folders that the module's go.mod names in `replace` directives: their content is part of the binary. */
export function localReplacements(moduleDir: string): string[] {
    const file = join(moduleDir, "go.mod");
    if (!existsSync(file)) {
        throw new Error(`${file} is missing, so its folder is no Go module`);
    }
    const found = [...readFileSync(file, "utf8").matchAll(/=>\s+(\.\.?\/\S+)/g)].map((match) =>
        resolve(moduleDir, match[1] as string),
    );
    return [...new Set(found)].sort();
}

/**
 * All that a target's binary follows from: the files of its module without tests, the folders that replace other
 * modules, its entry in targets.yaml, and the version of Go. The module's go.sum fixes the modules from elsewhere.
 */
export function goInputs(target: GoTarget, goVersion: string, root = repoRoot): unknown {
    const moduleDir = join(root, target.module);
    const folders = [moduleDir, ...localReplacements(moduleDir), ...target.inputs.map((input) => join(root, input))];
    // The whole module counts: only Go could tell which of the module's packages this one imports.
    return {
        target,
        goVersion,
        platform: "linux/amd64",
        sources: Object.fromEntries(
            folders.map((folder) => [relative(root, folder) || dirname(folder), contentOf(folder)]),
        ),
    };
}

/** The key of a target's binary. */
export function goKey(target: GoTarget, goVersion: string, root = repoRoot): string {
    return keyOf(goInputs(target, goVersion, root));
}
