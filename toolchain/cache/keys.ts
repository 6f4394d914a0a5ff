import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { errorText } from "../../lib/error-text";

/**
 * Hex digits of a SHA-256 in the name of a cache entry or an image: 48 bits, far from a collision among a few
 * hundred.
 */
const KEY_LENGTH = 12;

/** Files of a folder that never change what is built from it. */
const IGNORED = /^(node_modules|\.git|\.DS_Store)$|(_test\.go|\.test\.ts|\.md|\.log)$/;

/**
 * JSON with sorted object keys, so that equal values have equal text. Leaves `undefined` fields out, like
 * JSON.stringify.
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

/** The key of a recipe: the first 12 hex digits of the SHA-256 of its canonical JSON. */
export function keyOf(recipe: unknown): string {
    return createHash("sha256").update(canonicalJson(recipe)).digest("hex").slice(0, KEY_LENGTH);
}

/** SHA-256, in hex, of a file's bytes. */
export function hashFile(path: string): string {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/**
 * The files that a folder's own .gitignore names: a build may write them, and they must not change its key.
 * @throws Error for a pattern: only names and paths are understood
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
            `${file}: "${pattern}" is a pattern; the .gitignore of a build's input may hold only names and paths`,
        );
    }
    const paths = rules
        .filter((rule) => rule.replace(/\/$/, "").includes("/"))
        .map((rule) => rule.replace(/^\/|\/$/g, ""));
    const names = rules.filter((rule) => !rule.replace(/\/$/, "").includes("/")).map((rule) => rule.replace(/\/$/, ""));
    return (name) => paths.includes(name) || names.includes(name.split("/").at(-1) as string);
}

/**
 * The content of a file or folder: relative path → hash of the bytes and the executable bit. Times, owners, tests,
 * documentation and what the folder's .gitignore names do not count, so that two checkouts of one commit are equal.
 *
 * @throws Error naming the path when nothing is there
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
        throw new Error(`cannot read ${path}, which is an input of a build: ${errorText(error)}`, {
            cause: error,
        });
    }
    return found;
}
