/** Files that a command leaves behind, as Pulumi assets. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Properties, assetArchive, canonical, fileAsset } from "../shared/values";

/**
 * The files beneath `directory` that the globs pick, by their path relative to it.
 *
 * The globs are the official provider's: `*` is anything but `/`, `**` anything, `?` one character but `/`, `[…]` a class, `{a,b}` either, and a
 * leading `!` takes out again. They apply in order.
 */
export async function findAssets(directory: string, globs: readonly string[]): Promise<Properties> {
    const rules = globs.map((glob) => ({
        exclude: glob.startsWith("!"),
        pattern: globToRegExp(glob.replace(/^!/, "")),
    }));
    const found: Properties = {};
    for (const file of await filesBeneath(directory, "")) {
        let taken = false;
        for (const rule of rules) {
            if (rule.pattern.test(file)) {
                taken = !rule.exclude;
            }
        }
        if (taken) {
            const path = join(directory, file);
            found[file] = fileAsset(path, await sha256(path));
        }
    }
    return found;
}

/** One archive of the files. */
export function archiveOf(assets: Properties): Properties {
    return assetArchive(assets, createHash("sha256").update(canonical(assets)).digest("hex"));
}

async function filesBeneath(directory: string, relative: string): Promise<string[]> {
    const entries = await readdir(join(directory, relative), { withFileTypes: true });
    const nested = await Promise.all(
        entries.map((entry) => {
            const path = relative === "" ? entry.name : `${relative}/${entry.name}`;
            return entry.isDirectory() ? filesBeneath(directory, path) : Promise.resolve([path]);
        }),
    );
    return nested.flat().sort();
}

async function sha256(path: string): Promise<string> {
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    return hash.digest("hex");
}

/** @throws where a class or a choice is not closed. */
export function globToRegExp(glob: string): RegExp {
    let pattern = "";
    let depth = 0;
    for (let index = 0; index < glob.length; index++) {
        const character = glob[index] as string;
        if (character === "*") {
            const double = glob[index + 1] === "*";
            pattern += double ? ".*" : "[^/]*";
            index += double ? 1 : 0;
        } else if (character === "?") {
            pattern += "[^/]";
        } else if (character === "[") {
            const end = glob.indexOf("]", index + 2);
            if (end < 0) {
                throw new Error(`the glob ${JSON.stringify(glob)} has a [ without a ]`);
            }
            pattern += `[${glob
                .slice(index + 1, end)
                .replace(/^!/, "^")
                .replace(/\\/g, "\\\\")}]`;
            index = end;
        } else if (character === "{") {
            depth++;
            pattern += "(?:";
        } else if (character === "}" && depth > 0) {
            depth--;
            pattern += ")";
        } else if (character === "," && depth > 0) {
            pattern += "|";
        } else if (character === "\\" && index + 1 < glob.length) {
            pattern += escape(glob[++index] as string);
        } else {
            pattern += escape(character);
        }
    }
    if (depth > 0) {
        throw new Error(`the glob ${JSON.stringify(glob)} has a { without a }`);
    }
    return new RegExp(`^${pattern}$`, "s");
}

function escape(character: string): string {
    return character.replace(/[.*+?^${}()|[\]\\/-]/, "\\$&");
}
