import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import * as semver from "semver";
import { parse } from "yaml";
import { z } from "zod";
import { contentOf, keyOf } from "../cache/keys";
import { repoPath, repoRoot } from "../paths";

/** What a further version of a target has in the place of the target's own. */
const versionSchema = z.strictObject({
    module: z.string().min(1),
    /** Default: the target's own. */
    package: z.string().min(1).optional(),
});

const targetSchema = z.strictObject({
    /** The target's name, by which images and the toolchain ask for it. */
    name: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, "lower-case letters, digits, dots and dashes"),
    /** Folder of the Go module, relative to the checkout's top. */
    module: z.string().min(1),
    /** The package to build: an import path, "." or a folder of the module that begins with "./". */
    package: z.string().min(1),
    /** The program's version, in upstream's own form; "1" for a program of ours. */
    version: z.string().min(1),
    /** The placeholders `${version}`, `${major}` and `${minor}` stand for the version and its first two numbers. */
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
    /** Further versions that can be built, without a leading "v". Default: none. */
    versions: z.record(z.string().regex(/^\d+\.\d+\.\d+$/), versionSchema).optional(),
});

const fileSchema = z.strictObject({ targets: z.array(targetSchema).min(1) });

/** One binary built from a Go module of this repository. */
export type GoTarget = Omit<z.infer<typeof targetSchema>, "versions">;

/** The content of targets.yaml. */
interface TargetList {
    /** In the order of the file. */
    targets: GoTarget[];
    /** Further versions of each target that has any, each as a target, by the target's name. */
    variants: Record<string, GoTarget[]>;
}

/** Reads the text of targets.yaml. @throws Error naming every problem at once */
export function parseTargets(text: string, file = "targets.yaml"): TargetList {
    const result = fileSchema.safeParse(parse(text));
    if (!result.success) {
        throw new Error(
            `${file}: ${result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ")}`,
        );
    }
    const { targets } = result.data;
    const variants = Object.fromEntries(
        targets.flatMap(({ versions = {}, ...own }) => {
            const all = Object.entries(versions).map(([version, its]) => variant(own, version, its));
            return all.length === 0 ? [] : [[own.name, all]];
        }),
    );
    const names = [...targets, ...Object.values(variants).flat()].map(({ name }) => name);
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    if (twice.length > 0) {
        throw new Error(`${file}: more than one target is named ${[...new Set(twice)].join(", ")}`);
    }
    return { targets: targets.map(({ versions: _, ...own }) => withVersion(own)), variants };
}

/** Name under which a version of a target is built, where it is not the target's own. */
export const targetName = (name: string, version: string): string => `${name}-${version}`;

/** A version of a target. Its file has the name that the target's own has. */
function variant(own: GoTarget, version: string, its: z.infer<typeof versionSchema>): GoTarget {
    const given = {
        ...own,
        name: targetName(own.name, version),
        module: its.module,
        package: its.package ?? own.package,
        version: own.version.startsWith("v") ? `v${version}` : version,
        output: own.output ?? own.name,
    };
    return withVersion(given);
}

/** A target whose linker flags say its version. */
function withVersion(target: GoTarget): GoTarget {
    const { version } = target;
    const numbers = semver.parse(version);
    const values = { version, major: String(numbers?.major ?? ""), minor: String(numbers?.minor ?? "") };
    const filled = target.ldflags.replace(
        /\$\{(version|major|minor)\}/g,
        (_, name: keyof typeof values) => values[name],
    );
    return { ...target, ldflags: filled };
}

let known: TargetList | undefined;

function list(): TargetList {
    const file = repoPath("toolchain", "go", "targets.yaml");
    known ??= parseTargets(readFileSync(file, "utf8"), "toolchain/go/targets.yaml");
    return known;
}

/** The targets of toolchain/go/targets.yaml, each in its own version. */
export const goTargets = (): GoTarget[] => list().targets;

/** Further versions of a target, each as a target. Empty: it has its own version only. */
export const goVariants = (name: string): GoTarget[] => list().variants[name] ?? [];

/** The target of that name, or the version of one. @throws Error listing the targets there are */
export function goTarget(name: string): GoTarget {
    const { targets, variants } = list();
    const found = [...targets, ...Object.values(variants).flat()].find((target) => target.name === name);
    if (found === undefined) {
        throw new Error(
            `toolchain/go/targets.yaml has no target "${name}": it has ${targets.map((each) => each.name).join(", ")}`,
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
