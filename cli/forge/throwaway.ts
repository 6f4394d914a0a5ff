import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocument } from "yaml";
import type { Ready } from "../../toolchain/ensure";
import { askPulumi } from "../stack";
import { stackFile } from "../stack-file";

/** What a stack's file says of the encryption of its own state, which another state cannot have. */
const OF_ITS_STATE = ["encryptionsalt", "secretsprovider", "encryptedkey"];

function withoutEncryption(text: string): string {
    const document = parseDocument(text);
    OF_ITS_STATE.forEach((key) => document.delete(key));
    return document.toString();
}

/**
 * Makes a stack of that name in a state of its own, which is gone afterwards: a lab from nothing can be previewed
 * although no backend knows the stack. The stack's file, into which Pulumi writes a salt, is as before in the end.
 * @param work told how Pulumi is called for that stack
 */
export async function withThrowawayStack<T>(
    ready: Ready,
    stack: string,
    work: (ready: Ready) => Promise<T>,
): Promise<T> {
    const state = await mkdtemp(join(tmpdir(), "metal3-scale-lab-preview-"));
    const file = stackFile(stack);
    const before = existsSync(file) ? await readFile(file, "utf8") : undefined;
    const backend = `file://${state}`;
    const env: NodeJS.ProcessEnv = {
        ...ready.env,
        // The program makes its record of who makes labs there.
        METAL3_SCALE_LAB_STATE: state,
        PULUMI_BACKEND_URL: backend,
        // No secret of that state outlives it.
        PULUMI_CONFIG_PASSPHRASE: "preview",
    };
    try {
        if (before !== undefined) {
            await writeFile(file, withoutEncryption(before));
        }
        const own = { ...ready, env, setup: { ...ready.setup, backend, stateDir: undefined, backendFolder: state } };
        await askPulumi(own, ["stack", "init", stack, "--no-select"]);
        return await work(own);
    } finally {
        await rm(state, { recursive: true, force: true });
        await (before === undefined ? rm(file, { force: true }) : writeFile(file, before));
    }
}
