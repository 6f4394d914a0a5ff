import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ManifestError } from "../../plan/manifests/documents";
import { MANIFEST_INDEX, PROVIDERS } from "../../plan/manifests/providers";
import { readBareMetalOperator, readManifestIndex } from "../../toolchain/manifests/rendered";

describe("The index of rendered manifests", () => {
    let folder: string;
    const complete = {
        providers: Object.fromEntries(PROVIDERS.map(({ key }) => [key, "v1.2.3"])),
        bareMetalOperator: "v0.1.2",
    };
    const read = async (index: unknown): Promise<unknown> => {
        await writeFile(join(folder, MANIFEST_INDEX), JSON.stringify(index));
        return readManifestIndex(folder).catch((error: unknown) => error);
    };

    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "lab-index-test-"));
    });
    afterEach(() => rm(folder, { recursive: true }));

    it("names a version of every provider", async () => {
        expect(await read(complete)).to.deep.equal(complete);
    });

    for (const { key } of PROVIDERS) {
        it(`is refused without the version of ${key}, and the message names it`, async () => {
            const others = { ...complete.providers };
            delete others[key];
            const error = await read({ ...complete, providers: others });
            expect(error).to.be.instanceOf(ManifestError);
            expect((error as Error).message).to.contain(`providers.${key}`);
        });
    }

    it("is refused with a version that is none", async () => {
        const error = await read({ ...complete, bareMetalOperator: "latest" });
        expect((error as Error).message).to.contain("must be a version such as v1.13.4");
    });

    it("says how to make the manifests where there are none", async () => {
        for (const reading of [readManifestIndex(folder), readBareMetalOperator(folder)]) {
            const error = await reading.catch((caught: unknown) => caught);
            expect(error).to.be.instanceOf(ManifestError);
            expect((error as Error).message).to.match(/npm run setup makes them.*ENOENT/);
        }
    });
});
