import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { keepSecretsProvider, secretsProvider } from "../../cli/secrets-provider";

const KMS = { type: "cloud", state: { url: "awskms://alias/lab", encryptedkey: "a2V5" } };

describe("The secrets provider of a stack", () => {
    let folder: string;
    let file: string;
    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "lab-secrets-test-"));
        file = join(folder, "Pulumi.dev.yaml");
    });
    afterEach(() => rm(folder, { recursive: true }));

    it("is the one that its file names", async () => {
        expect(await secretsProvider(file)).to.equal(undefined);
        await writeFile(file, "config: {}\n");
        expect(await secretsProvider(file)).to.equal(undefined);
        await writeFile(file, "secretsprovider: awskms://alias/lab\n");
        expect(await secretsProvider(file)).to.equal("awskms://alias/lab");
    });

    it("is taken over from the state into a file of another checkout, whose configuration stays", async () => {
        await writeFile(file, "# ours\nencryptionsalt: v1:abc\nconfig:\n  metal3-scale-lab:nodes: 4 # hosts\n");
        expect(await keepSecretsProvider(file, KMS)).to.equal(true);
        const text = await readFile(file, "utf8");
        expect(parse(text)).to.deep.equal({
            config: { "metal3-scale-lab:nodes": 4 },
            secretsprovider: "awskms://alias/lab",
            encryptedkey: "a2V5",
        });
        expect(text).to.include("# ours").and.include("4 # hosts");
        expect(await keepSecretsProvider(file, KMS)).to.equal(false);
    });

    it("is taken over where there is no file yet", async () => {
        expect(await keepSecretsProvider(file, KMS)).to.equal(true);
        expect(await secretsProvider(file)).to.equal("awskms://alias/lab");
    });

    it("stays as the file has it, and is nothing where the state is encrypted with a passphrase", async () => {
        expect(await keepSecretsProvider(file, { type: "passphrase", state: {} })).to.equal(false);
        expect(await keepSecretsProvider(file, undefined)).to.equal(false);
        expect(existsSync(file)).to.equal(false);
        await writeFile(file, "secretsprovider: passphrase\n");
        expect(await keepSecretsProvider(file, KMS)).to.equal(false);
        expect(await readFile(file, "utf8")).to.equal("secretsprovider: passphrase\n");
    });
});
