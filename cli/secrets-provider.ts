import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { parse, parseDocument } from "yaml";
import { replaceFile } from "../lib/replace-file";

/** What a state says of the encryption of its secrets (pulumi/sdk, apitype.SecretsProvidersV1). */
export interface StateEncryption {
    type?: string;
    state?: { url?: string; encryptedkey?: string };
}

/** How Pulumi calls every key service in a state. */
const KEY_SERVICE = "cloud";

/**
 * The secrets provider that a stack's file names (`secretsprovider`). Pulumi itself takes it from there for a stack
 * that exists, but not for one that is made.
 */
export async function secretsProvider(file: string): Promise<string | undefined> {
    const content = existsSync(file)
        ? (parse(await readFile(file, "utf8")) as { secretsprovider?: unknown } | null)
        : null;
    return typeof content?.secretsprovider === "string" ? content.secretsprovider : undefined;
}

/**
 * Writes into a stack's file the key service that its state is encrypted with, where the file names none: it may be of
 * another checkout. Without this line, Pulumi would encrypt the state with a passphrase from then on, without a word.
 * @returns whether the line was missing
 */
export async function keepSecretsProvider(file: string, encryption: StateEncryption | undefined): Promise<boolean> {
    const { url, encryptedkey } = encryption?.state ?? {};
    if (encryption?.type !== KEY_SERVICE || url === undefined || encryptedkey === undefined) {
        return false;
    }
    if ((await secretsProvider(file)) !== undefined) {
        return false;
    }
    const text = existsSync(file) ? await readFile(file, "utf8") : "{}\n";
    // A salt is that of a passphrase. It goes as text, because a comment above it belongs to the file.
    const document = parseDocument(text.replace(/^encryptionsalt:.*\n/m, ""));
    document.set("secretsprovider", url);
    document.set("encryptedkey", encryptedkey);
    await replaceFile(file, document.toString());
    return true;
}
