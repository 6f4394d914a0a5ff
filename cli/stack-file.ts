import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { parse, parseDocument } from "yaml";
import { replaceFile } from "../lib/replace-file";
import { substrateNeeds } from "../machine/needs";
import { keys } from "../plan/config/keys";
import { registryPrefix } from "../plan/config/values";
import { chosenVersions, versionProblems } from "../plan/config/version-sets";
import type { LabNeeds } from "../toolchain/ensure/needs";
import { versionSets } from "../toolchain/images/recipes";
import type { WantedImages } from "../toolchain/images/reference";
import { repoPath } from "../toolchain/paths";

/** The configuration file of a stack. The last part of a qualified name, organisation/project/stack, names the file. */
export function stackFile(stack: string): string {
    return repoPath(`Pulumi.${stack.split("/").at(-1)}.yaml`);
}

/**
 * The configuration of a stack as the file has it, by key without the project's prefix. Empty when there is no file.
 */
export async function stackConfig(stack: string): Promise<Record<string, unknown>> {
    const file = stackFile(stack);
    return existsSync(file) ? configOf(await readFile(file, "utf8")) : {};
}

/** The configuration in the text of a stack's file, by key without the project's prefix. */
function configOf(text: string): Record<string, unknown> {
    const content = parse(text) as { config?: Record<string, unknown> } | null;
    const config = content?.config ?? {};
    return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace(/^[^:]*:/, ""), value]));
}

/** The configuration of a stack's file as Pulumi hands it to the program: every value a string. */
export const rawConfig = async (stack: string): Promise<Record<string, string>> => asRaw(await stackConfig(stack));

/** The same of the text of a stack's file, which may be of another commit. */
export const rawConfigOf = (text: string): Record<string, string> => asRaw(configOf(text));

const asRaw = (config: Record<string, unknown>): Record<string, string> =>
    Object.fromEntries(
        Object.entries(config).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
    );

/**
 * The parts that the lab of a stack needs. A malformed value counts as unset here: the program validates the
 * configuration, and names all its problems in one message.
 * @param more values that the stack is to have beside those of its file
 */
export async function labNeeds(stack: string, more: Readonly<Record<string, string>> = {}): Promise<LabNeeds> {
    const config = { ...(await stackConfig(stack)), ...more };
    const registry = registryPrefix.safeParse(config["imageRegistry"]).data;
    const observability = String(config["observability"]) === "true";
    const images = { ...wantedImages(config["images"]), observability };
    return { images: { ...images, versions: wantedVersions(config, images) }, registry, ...substrateNeeds(config) };
}

/** A value of the configuration by its fields: an object, or its JSON. Anything else has no fields. */
function fieldsOf(given: unknown): Record<string, unknown> {
    let value = given;
    if (typeof value === "string") {
        try {
            value = JSON.parse(value);
        } catch {
            value = undefined;
        }
    }
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

const textsOf = (fields: Record<string, unknown>): Record<string, string> =>
    Object.fromEntries(
        Object.entries(fields).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );

/** Reads the value of the key `images`. */
function wantedImages(given: unknown): Pick<WantedImages, "source" | "overrides"> {
    const { source, overrides } = fieldsOf(given);
    return {
        source: source === "pull" || source === "build" ? source : "auto",
        overrides: textsOf(fieldsOf(overrides)),
    };
}

/**
 * Reads the keys `versionSet` and `versions`. A set whose name has no quotes in the file is a number. Versions that the
 * program will refuse are not made before it does.
 */
function wantedVersions(
    { versionSet, versions, substrate: named }: Record<string, unknown>,
    images: Pick<WantedImages, "source" | "overrides">,
): Record<string, string> {
    const known = versionSets();
    const substrate = keys.substrate.schema.safeParse(named).data;
    const refused = (part: string, version: string): boolean =>
        versionProblems({ ...(substrate && { substrate }), images, versions: { [part]: version } }, known).length > 0;
    const there = Object.entries(textsOf(fieldsOf(versions))).filter((each) => !refused(...each));
    return chosenVersions({ versionSet: String(versionSet), versions: Object.fromEntries(there) }, known);
}

/**
 * Removes the salt that a stack with a passphrase leaves in its configuration file, unless a secret in the file needs
 * it. The salt of a stack that is gone fits no new passphrase: with it, Pulumi refuses to create the stack again.
 * @returns whether there was a salt to remove
 */
export async function dropSalt(file: string): Promise<boolean> {
    if (!existsSync(file)) {
        return false;
    }
    const text = await readFile(file, "utf8");
    if (/^\s+secure:/m.test(text) || !/^encryptionsalt:/m.test(text)) {
        return false;
    }
    const document = parseDocument(text);
    document.delete("encryptionsalt");
    const rest =
        document.contents === null || text.replace(/^encryptionsalt:.*$/m, "").trim() === "" ? "" : document.toString();
    if (rest === "") {
        await rm(file);
        return true;
    }
    await replaceFile(file, rest);
    return true;
}
