import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** How many hex digits of a SHA-256 name a cache entry or an image tag: 48 bits, far from any collision among a few hundred entries. */
export const KEY_LENGTH = 12;

/** Files that never change what is built from a folder. */
const IGNORED = /^(node_modules|\.git|\.DS_Store)$|(_test\.go|\.test\.ts|\.md|\.log)$/;

/**
 * JSON with object keys in order, so that equal values have equal text. `undefined` fields are left out, as JSON.stringify does.
 */
export function canonicalJson(value: unknown): string {
    if (Array.isArray(value)) {
        return `[${value.map(canonicalJson).join(",")}]`;
    }
    if (value !== null && typeof value === "object") {
        const fields = Object.entries(value)
            .filter(([, field]) => field !== undefined)
            .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
            .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`);
        return `{${fields.join(",")}}`;
    }
    return JSON.stringify(value) ?? "null";
}

/** The short key of a recipe: the first 12 hex digits of the SHA-256 of its canonical JSON. */
export function keyOf(recipe: unknown): string {
    return createHash("sha256").update(canonicalJson(recipe)).digest("hex").slice(0, KEY_LENGTH);
}

/** SHA-256, in hex, of a file's bytes. */
export function hashFile(path: string): string {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/**
 * What a folder's own .gitignore leaves out: what a build puts there must not change the build's key. Only names and paths, no patterns.
 */
function ignoredBy(dir: string): (name: string) => boolean {
    const file = join(dir, ".gitignore");
    const lines = existsSync(file)
        ? readFileSync(file, "utf8")
              .split("\n")
              .map((line) => line.trim())
        : [];
    const rules = lines.filter((line) => line !== "" && !line.startsWith("#"));
    const pattern = rules.find((rule) => /[*?![\]]/.test(rule));
    if (pattern !== undefined) {
        throw new Error(
            `${file}: "${pattern}" is a pattern; in a folder that is an input of a build only names and paths will do`,
        );
    }
    const paths = rules
        .filter((rule) => rule.replace(/\/$/, "").includes("/"))
        .map((rule) => rule.replace(/^\/|\/$/g, ""));
    const names = rules.filter((rule) => !rule.replace(/\/$/, "").includes("/")).map((rule) => rule.replace(/\/$/, ""));
    return (name) => paths.includes(name) || names.includes(name.split("/").at(-1) as string);
}

/**
 * The content of a file or folder as `relative path → hash`, with the executable bit, without times, owners, tests, documentation and what its .gitignore names:
 * two checkouts of one commit have the same, whatever their place.
 *
 * @throws Error naming the path when there is nothing there
 */
export function contentOf(path: string): Record<string, string> {
    const found: Record<string, string> = {};
    const ignored = ignoredBy(path);
    const visit = (at: string, name: string): void => {
        const info = lstatSync(at);
        if (info.isDirectory()) {
            for (const child of readdirSync(at).sort()) {
                const inside = name ? `${name}/${child}` : child;
                if (!IGNORED.test(child) && !ignored(inside)) {
                    visit(join(at, child), inside);
                }
            }
        } else if (info.isSymbolicLink()) {
            found[name || "."] = `link:${readlinkSync(at)}`;
        } else {
            found[name || "."] = `${info.mode & 0o100 ? "x" : "-"}:${hashFile(at)}`;
        }
    };
    try {
        visit(path, "");
    } catch (error) {
        throw new Error(`cannot read ${path}, which is an input of a build: ${(error as Error).message}`, {
            cause: error,
        });
    }
    return found;
}
