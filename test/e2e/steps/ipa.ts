import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { configure, pulumi, STATE } from "../harness";
import { lab, up } from "./lab";

const KIB = 1024;
const sha256 = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

/** What changes with the boot files: the conductors and the image server. */
const restarted = (name: string): boolean => /^pod metal3\/ironic-(conductor|image-server)-/.test(name);

/** Gives the lab a kernel and a ramdisk of the Ironic Python agent, and takes them away again. */
export function ipa(): void {
    const kernel = randomBytes(300 * KIB);
    const ramdisk = randomBytes(3000 * KIB);
    const file = join(STATE, "ipa.kernel");
    let server: Server;

    before(async () => {
        writeFileSync(file, kernel);
        server = createServer((_request, answer) => answer.end(ramdisk));
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    after(() => void server.close());

    const set = async (sum: string): Promise<void> => {
        const ramdiskAddress = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ipa.initramfs`;
        const kernelFile = { from: file, sha256: sha256(kernel) };
        await configure({
            ipa: JSON.stringify({ kernel: kernelFile, ramdisk: { from: ramdiskAddress, sha256: sum } }),
        });
    };

    const withoutRestarted = (all: Record<string, string>): Record<string, string> =>
        Object.fromEntries(Object.entries(all).filter(([name]) => !restarted(name)));
    const identities = async (): Promise<Record<string, string>> => withoutRestarted(await lab.live.identities());

    it("refuses a ramdisk of the agent that has another hash, and touches nothing", async () => {
        lab.identities = await lab.live.identities();
        await set("0".repeat(64));
        const { code, output } = await pulumi(["up", "--yes", "--skip-preview"], { quiet: true });
        expect(code, output).to.not.equal(0);
        expect(output)
            .to.include("1 problem)")
            .and.include("ipa.ramdisk.from = http://127.0.0.1:")
            .and.include(`has the SHA-256 sum ${sha256(ramdisk)}`);
        expect(await lab.live.identities()).to.deep.equal(lab.identities);
    });

    it("hands out the agent's kernel and ramdisk to every conductor, and restarts nothing else", async () => {
        const before = await identities();
        await set(sha256(ramdisk));
        await configure({ nodes: 5 });
        await up();
        expect(await identities()).to.include(before);
        expect((await lab.live.hostStates())["host-0004"]).to.equal("available");
        const served = await lab.live.onConductors([
            "sh",
            "-ec",
            `python3 -c '
import configparser, hashlib, urllib.request
conf = configparser.RawConfigParser()
conf.read("/etc/ironic-conductor/ironic.conf")
for name in ("deploy_kernel", "deploy_ramdisk"):
    print(hashlib.sha256(urllib.request.urlopen(conf["conductor"][name], timeout=30).read()).hexdigest())
'`,
        ]);
        expect(Object.keys(served)).to.have.length(2);
        for (const [pod, output] of Object.entries(served)) {
            expect(output.trim().split("\n"), pod).to.deep.equal([sha256(kernel), sha256(ramdisk)]);
        }
        // The conductor of the new host has fetched them for its boot.
        const cached = await lab.live.onConductors([
            "find",
            "/shared/html/master",
            "-type",
            "f",
            "-exec",
            "sha256sum",
            "{}",
            "+",
        ]);
        expect(Object.values(cached).join("\n")).to.include(sha256(kernel)).and.include(sha256(ramdisk));
    });

    it("goes back to conductors with boot files of their own", async () => {
        await configure({ nodes: 4 });
        expect((await pulumi(["config", "rm", "ipa"], { quiet: true })).code).to.equal(0);
        await up();
        expect(await identities()).to.deep.equal(withoutRestarted(lab.identities));
        const found = await lab.live.onConductors(["sh", "-ec", "ls /shared/html/boot"]);
        expect(Object.values(found)).to.deep.equal(Array(2).fill("ipa.initramfs\nipa.kernel\n"));
    });
}
