import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { otherLabs } from "../../cli/management";

describe("the labs of a checkout that are up", () => {
    it("are named to somebody who asks for another one", async () => {
        const folder = await mkdtemp(join(tmpdir(), "management-test-"));
        try {
            expect(otherLabs("dev", join(folder, "none"))).to.equal("");
            // Beside labs there are reports of tests, and labs that were taken down.
            await mkdir(join(folder, "test"));
            expect(otherLabs("dev", folder)).to.equal("");
            for (const stack of ["guest", "dev", "big"]) {
                await mkdir(join(folder, stack));
                await writeFile(join(folder, stack, "kubeconfig"), "");
            }
            expect(otherLabs("dev", folder)).to.equal("; up are: big (--stack big), guest (--stack guest)");
        } finally {
            await rm(folder, { recursive: true });
        }
    });
});
