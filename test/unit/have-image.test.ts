import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { haveImage } from "../../toolchain/images/build";

/** A Docker that writes down what it is asked for, and has what the file `images` names. */
const DOCKER = `#!/bin/sh
cd "$(dirname "$0")" || exit 1
for image; do :; done
echo "$image" >> asked
grep -x "$image" images
`;

describe("The question whether Docker has an image", () => {
    let folder: string;
    const path = process.env["PATH"];
    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "have-image-"));
        await writeFile(join(folder, "docker"), DOCKER, { mode: 0o755 });
        await writeFile(join(folder, "images"), "test/there:1\n");
        process.env["PATH"] = `${folder}${delimiter}${path ?? ""}`;
    });
    afterEach(async () => {
        process.env["PATH"] = path;
        await rm(folder, { recursive: true });
    });

    it("is asked once of an image that is there, and again of one that was not", async () => {
        expect(await haveImage("test/there:1")).to.equal(true);
        expect(await haveImage("test/there:1")).to.equal(true);
        expect(await haveImage("test/built-later:1")).to.equal(false);
        await writeFile(join(folder, "images"), "test/built-later:1\n");
        expect(await haveImage("test/built-later:1")).to.equal(true);
        const asked = await readFile(join(folder, "asked"), "utf8");
        expect(asked.trim().split("\n")).to.deep.equal(["test/there:1", "test/built-later:1", "test/built-later:1"]);
    });
});
