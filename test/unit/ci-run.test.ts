import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { repoPath } from "../../toolchain/paths";

describe("The end of what .ci/run prints", () => {
    let bin: string;
    before(async () => (bin = await mkdtemp(join(tmpdir(), "lab-ci-test-"))));
    after(() => rm(bin, { recursive: true }));

    /** Runs it with this in the place of the lab's commands. */
    async function run(answer: string) {
        await writeFile(join(bin, "node"), `#!/bin/sh\n${answer}\n`, { mode: 0o755 });
        const env = { PATH: `${bin}:${process.env["PATH"] ?? ""}` };
        const { execa } = await import("execa");
        return execa(repoPath(".ci", "run"), { env, reject: false });
    }

    /** Its last two lines and its exit code. */
    async function lastLines(answer: string) {
        const { stdout, exitCode } = await run(answer);
        return [...stdout.split("\n").slice(-2), exitCode];
    }

    it("adds up the tests, skipped ones as well", async () => {
        const all = "Everything that a lab can stand on was there.";
        expect(await lastLines("echo 3 passed, 0 failed")).to.deep.equal([all, "6 passed, 0 failed", 0]);
        expect(await lastLines("echo 3 passed, 0 failed, 2 skipped")).to.deep.equal([
            all,
            "6 passed, 0 failed, 4 skipped",
            0,
        ]);
        expect(await lastLines("echo 3 passed, 1 failed; [ $2 = setup ]")).to.deep.equal([
            all,
            "6 passed, 2 failed",
            1,
        ]);
        expect(await lastLines("echo 3 passed; exit 1")).to.deep.equal([all, "0 passed, 3 failed", 1]);
    });

    it("tells each failure again at the end, in one line", async () => {
        const answer = "echo '  FAILED test/a.test.ts a stops: no'; echo '      at b.ts'; echo 3 passed, 1 failed";
        const { stdout } = await run(answer);
        expect(stdout.split("\n").slice(-5)).to.deep.equal([
            "What failed:",
            "  FAILED test/a.test.ts a stops: no",
            "  FAILED test/a.test.ts a stops: no",
            "Everything that a lab can stand on was there.",
            "6 passed, 2 failed",
        ]);
    });

    it("says above its last line what was not there and why, once", async () => {
        const answer = "echo not there: libvirt: no apt; echo not there: an emulated machine: no QEMU";
        expect(await lastLines(`${answer}; echo 3 passed, 0 failed, 2 skipped`)).to.deep.equal([
            "Not everything that a lab can stand on was there: libvirt: no apt; an emulated machine: no QEMU",
            "6 passed, 0 failed, 4 skipped",
            0,
        ]);
    });
});
