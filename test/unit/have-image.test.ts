import { expect } from "chai";
import { haveImage } from "../../toolchain/images/build";
import { CommandFolder } from "./command-folder";

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
    let folder: CommandFolder;
    beforeEach(async () => {
        folder = await CommandFolder.create({ docker: DOCKER });
        await folder.write("images", "test/there:1");
    });
    afterEach(() => folder.remove());

    it("has an answer of its own each time: images come while a run is at work", async () => {
        expect(await haveImage("test/there:1")).to.equal(true);
        expect(await haveImage("test/built-later:1")).to.equal(false);
        await folder.write("images", "test/built-later:1");
        expect(await haveImage("test/built-later:1")).to.equal(true);
        expect(await haveImage("test/there:1")).to.equal(false);
    });

    it("is put for three images at a time", async () => {
        await Promise.all(Array.from({ length: 15 }, (_, index) => haveImage(`test/image:${index}`)));
        const counts = (await folder.lines("at-once")).map(Number);
        expect(counts).to.have.length(15);
        expect(Math.max(...counts)).to.be.at.most(3);
    });
});
