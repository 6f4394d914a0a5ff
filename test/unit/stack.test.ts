import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { withThrowawayStack } from "../../cli/forge/throwaway";
import { removeStack, selectStack } from "../../cli/stack";
import { stackFile } from "../../cli/stack-file";
import type { Ready } from "../../toolchain/ensure";
import { FakeCommands } from "./fake-commands";

/** A stack whose file no other test and no person has. */
const STACK = "of-a-unit-test";

describe("The stack of a backend", () => {
    let machine: FakeCommands;
    beforeEach(async () => (machine = await FakeCommands.create()));
    afterEach(async () => {
        await rm(stackFile(STACK), { force: true });
        await machine.remove();
    });

    it("is made with the secrets provider that its file names, and without one where it names none", async () => {
        await selectStack(machine.ready, STACK, false);
        await writeFile(stackFile(STACK), "secretsprovider: awskms://alias/lab\nencryptedkey: abc\n");
        await selectStack(machine.ready, STACK, false);
        expect(await machine.changes()).to.deep.equal(["init", "init --secrets-provider awskms://alias/lab"]);
    });

    /** How Pulumi is called for a backend, with a passphrase of the lab's for it. */
    async function readyFor(stateDir: string | undefined): Promise<Ready & { file: string }> {
        const { ready } = machine;
        const state = String(ready.env["METAL3_SCALE_LAB_STATE"]);
        const file = join(state, stateDir === undefined ? "passphrase-0123456789ab" : "passphrase");
        await mkdir(stateDir ?? state, { recursive: true });
        await writeFile(join(state, "passphrase"), "of the state folder\n");
        await writeFile(file, "of the backend\n");
        return { ...ready, setup: { ...ready.setup, stateDir, passphraseFile: file }, file };
    }

    it("leaves the passphrase with which other stacks of the backend are encrypted", async () => {
        const ready = await readyFor(undefined);
        await machine.write("other", "{}");
        await removeStack(ready, STACK);
        expect(existsSync(ready.file)).to.equal(true);
    });

    it("takes the backend's passphrase with it when it is the last one, and no other backend's", async () => {
        const ready = await readyFor(undefined);
        await removeStack(ready, STACK);
        expect(existsSync(ready.file)).to.equal(false);
        expect(existsSync(join(String(ready.env["METAL3_SCALE_LAB_STATE"]), "passphrase"))).to.equal(true);
    });

    it("can be thrown away: its state is gone, and its file as it was before", async () => {
        const text = "encryptionsalt: v1:abc\nconfig:\n  metal3-scale-lab:nodes: 4 # hosts\n";
        await writeFile(stackFile(STACK), text);
        const state = await withThrowawayStack(machine.ready, STACK, async ({ env, setup }) => {
            expect(await readFile(stackFile(STACK), "utf8")).to.equal("config:\n  metal3-scale-lab:nodes: 4 # hosts\n");
            expect(env["PULUMI_BACKEND_URL"]).to.equal(`file://${setup.backendFolder}`);
            expect(setup.backendFolder).to.not.equal(machine.ready.setup.backendFolder);
            return String(setup.backendFolder);
        });
        expect(await machine.changes()).to.deep.equal(["init"]);
        expect(existsSync(state)).to.equal(false);
        expect(await readFile(stackFile(STACK), "utf8")).to.equal(text);
    });
});
