import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { haveImage } from "../../toolchain/images/build";

/** A Docker that has what the file `images` names, and writes down how many questions it is asked at the same time. */
const DOCKER = `#!/bin/sh
cd "$(dirname "$0")" || exit 1
for image; do :; done
touch "asking-$$"
ls | grep -c asking- >> at-once
sleep 0.05
rm "asking-$$"
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

    it("has an answer of its own each time: images come while a run is at work", async () => {
        expect(await haveImage("test/there:1")).to.equal(true);
        expect(await haveImage("test/built-later:1")).to.equal(false);
        await writeFile(join(folder, "images"), "test/built-later:1\n");
        expect(await haveImage("test/built-later:1")).to.equal(true);
        expect(await haveImage("test/there:1")).to.equal(false);
    });

    it("is put for three images at a time", async () => {
        await Promise.all(Array.from({ length: 15 }, (_, index) => haveImage(`test/image:${index}`)));
        const counts = (await readFile(join(folder, "at-once"), "utf8")).trim().split("\n").map(Number);
        expect(counts).to.have.length(15);
        expect(Math.max(...counts)).to.be.at.most(3);
    });
});
