import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { status } from "../../cli/status";
import { UserError } from "../../plan/user-error";
import { repoPath } from "../../toolchain/paths";

const STACK = "nobody-made-it";

describe("A look at a stack that nobody has made", () => {
    const own = { ...process.env };
    let folder: string;
    before(async () => {
        folder = await mkdtemp(join(tmpdir(), "unknown-stack-test-"));
        delete process.env["PULUMI_BACKEND_URL"];
        // Whoever runs this test may be logged in to a backend of their own.
        process.env["PULUMI_HOME"] = join(folder, "home");
        process.env["METAL3_SCALE_LAB_STATE"] = join(folder, "state");
    });
    after(async () => {
        process.env = own;
        await rm(folder, { recursive: true });
    });

    it("says that it is not up, and leaves nothing behind, not even the folder of a state", async () => {
        const look = { stack: STACK, watch: false, json: false, exitCode: false };
        const error = await status(look).then(
            () => undefined,
            (reason: unknown) => reason,
        );
        expect(error).to.be.instanceOf(UserError);
        expect((error as Error).message).to.include(
            `the lab of the stack ${STACK} is not up, as far as its state in file://${join(folder, "state", "pulumi")}`,
        );
        expect(await readdir(folder)).to.deep.equal([]);
        expect([repoPath(".lab", STACK), repoPath(`Pulumi.${STACK}.yaml`)].filter(existsSync)).to.deep.equal([]);
    });
});
