import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { repoPath } from "../../toolchain/paths";

const SCRIPT = repoPath("toolchain/images/node/bridge-netfilter.sh");

describe("A node on a machine whose Docker has not loaded br_netfilter", () => {
    let folder: string;
    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "bridge-netfilter-"));
        // What the kernel shows is in the test's folder, and not that of this machine.
        const script = readFileSync(SCRIPT, "utf8").replaceAll("/proc/sys", `${folder}/sys`);
        await writeFile(join(folder, "script.sh"), script);
        await writeFile(join(folder, "sysctl"), `#!/bin/sh\necho "$*" > ${folder}/set\n`, { mode: 0o755 });
    });
    afterEach(() => rm(folder, { recursive: true }));

    /** Runs it beside an `ip` that makes the kernel act so, and finds no such interface. */
    async function run(kernel: string): Promise<{ code: number; said: string }> {
        const ip = `#!/bin/sh\n[ "$*" = "link show br_netfilter" ] || exit 2\n${kernel}\nexit 1\n`;
        await writeFile(join(folder, "ip"), ip, { mode: 0o755 });
        const env = { PATH: `${folder}:${process.env["PATH"] ?? ""}` };
        return new Promise((resolve) => {
            const child = execFile("sh", [join(folder, "script.sh")], { env }, (_error, stdout, stderr) =>
                resolve({ code: child.exitCode ?? -1, said: `${stdout}${stderr}`.trim() }),
            );
        });
    }

    it("has the kernel load it, and what pods send each other filtered", async () => {
        expect(await run(`mkdir -p ${folder}/sys/net/bridge`)).to.deep.equal({ code: 0, said: "" });
        expect(readFileSync(join(folder, "set"), "utf8")).to.equal("-qw net.bridge.bridge-nf-call-iptables=1\n");
    });

    it("is content where the kernel has it already", async () => {
        await mkdir(join(folder, "sys/net/bridge"), { recursive: true });
        expect(await run("")).to.deep.equal({ code: 0, said: "" });
    });

    it("does not start, and says why, where the kernel has none", async () => {
        const { code, said } = await run("");
        expect(code).to.equal(1);
        expect(said).to.include("the machine's kernel has no br_netfilter ('sudo modprobe br_netfilter')");
        expect(existsSync(join(folder, "set"))).to.equal(false);
    });
});
