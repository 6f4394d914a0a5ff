import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Cache } from "../../toolchain/cache/cache";
import { goBinaryRecipe } from "../../toolchain/go/build";
import { findTool } from "../../toolchain/tools";

describe("A tool of the lab", () => {
    let folder: string;
    let cache: Cache;
    const path = process.env["PATH"];

    /** Puts a helm on PATH that prints this when it is asked for its version. */
    async function install(version: string): Promise<string> {
        const file = join(folder, "helm");
        await writeFile(file, `#!/bin/sh\necho '${version}'\n`, { mode: 0o755 });
        return file;
    }

    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "lab-tools-test-"));
        cache = new Cache(join(folder, "cache"));
        process.env["PATH"] = `${folder}:/usr/bin:/bin`;
    });
    afterEach(async () => {
        process.env["PATH"] = path;
        await rm(folder, { recursive: true });
    });

    it("is taken from PATH where its version is in the range", async () => {
        const file = await install("v3.19.1+g1234");
        expect(await findTool(cache, "helm")).to.deep.equal({ path: file, version: "3.19.1", where: "PATH" });
    });

    it("is not taken from PATH in a version outside the range, and the reason is kept for the doctor", async () => {
        const file = await install("v3.17.0");
        const found = await findTool(cache, "helm");
        expect(found).to.include({ where: "nowhere", unfit: `${file} is 3.17.0, wanted >=3.18.0 <4` });
    });

    it("is not taken from PATH when it does not say its version", async () => {
        const file = await install("who is asking?");
        expect(await findTool(cache, "helm")).to.include({ unfit: `${file} does not say its version` });
    });

    it("is taken from the cache where PATH has none that fits", async () => {
        await install("v4.0.0");
        const dir = await cache.ensure(goBinaryRecipe("helm"), (to) => writeFile(join(to, "helm"), "program"));
        expect(await findTool(cache, "helm")).to.include({ path: join(dir, "helm"), where: "cache" });
    });
});
