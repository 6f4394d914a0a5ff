import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { UserError } from "../../plan/user-error";
import { ensureNetwork, replugNic } from "../../tasks/minikube/libvirt";
import { lookVirsh, virsh } from "../../toolchain/virsh";

/** A virsh that answers each command with the file of its name, and fails with the file `failure`. */
const VIRSH = `#!/bin/sh
cd "$FAKE_VIRSH" || exit 1
[ "$1 $2 $LC_ALL" = "--connect test:///lab C" ] || { echo "error: called with $*" >&2; exit 1; }
shift 2
echo "$*" >> calls
[ -e failure ] && { cat failure >&2; exit 1; }
case "$1" in
    update-device) cat "$3" >> moved ;;
    net-start) ;;
    net-list) case "$*" in *--all*) cat defined ;; *) cat active ;; esac ;;
    sleep) exec sleep 5 ;;
    *) cat "$1" ;;
esac
`;
const URI = "test:///lab";
const UUID = "6f7c1e0a-0000-5000-8000-000000000001";

describe("virsh", () => {
    let folder: string;
    const path = process.env["PATH"] ?? "";
    const put = (file: string, text: string): Promise<void> => writeFile(join(folder, file), text);
    const read = (file: string): Promise<string> => readFile(join(folder, file), "utf8");
    const caught = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "virsh-test-"));
        await writeFile(join(folder, "virsh"), VIRSH, { mode: 0o755 });
        process.env["PATH"] = `${folder}${delimiter}${path}`;
        process.env["FAKE_VIRSH"] = folder;
    });
    afterEach(async () => {
        process.env["PATH"] = path;
        delete process.env["FAKE_VIRSH"];
        await rm(folder, { recursive: true });
    });

    it("is asked in English, at the connection that was named", async () => {
        await put("uri", "answer\n");
        expect(await virsh(URI, ["uri"])).to.equal("answer");
    });

    it("fails with libvirt's own reason, which is the last line that it wrote", async () => {
        await put("failure", "error: Failed to start network lab\nerror: internal error: Network is already in use\n");
        const error = await caught(virsh(URI, ["net-start", UUID]));
        expect(error).to.have.property("message", "internal error: Network is already in use");
        expect(await lookVirsh(URI, ["net-start", UUID])).to.equal(undefined);
    });

    it("fails with the command and the limit where it does not end in time", async () => {
        const error = await caught(virsh(URI, ["sleep"], 0.2));
        expect(String(error)).to.include("virsh --connect test:///lab sleep: did not end within");
    });

    it("tells a network that is started, that is stopped and is started now, and that is gone", async () => {
        await put("defined", `other\n${UUID}\n`);
        await put("active", `${UUID}\n`);
        expect(await ensureNetwork(URI, UUID)).to.equal("active");
        await put("active", "other\n");
        expect(await ensureNetwork(URI, UUID)).to.equal("inactive");
        expect(await read("calls")).to.include(`net-start ${UUID}`);
        await put("defined", "other\n");
        expect(await ensureNetwork(URI, UUID)).to.equal("absent");
    });

    it("calls no network gone where libvirt does not answer", async () => {
        await put("failure", "error: failed to connect to the hypervisor\n");
        const error = await caught(ensureNetwork(URI, UUID));
        expect(error).to.be.instanceOf(UserError);
        expect(String(error)).to.include(`libvirt at ${URI} does not answer: failed to connect to the hypervisor`);
    });

    describe("with a machine whose NIC has lost its bridge", () => {
        const nic = { uri: URI, network: "lab", mac: "52:54:00:01:02:03" };
        const description = (tap: string): string => `<domain><devices>
  <interface type='network'><mac address='52:54:00:aa:bb:cc'/><source network='private'/></interface>
  <interface type='network'>
    <mac address='${nic.mac}'/><source network='lab' portid='1' bridge='no-such-br'/>${tap}<alias name='net1'/>
  </interface>
</devices></domain>`;

        it("moves the NIC to another network of the machine and back, and says where that has not helped", async () => {
            await put("list", "m3lab-dev\n");
            await put("dumpxml", description("<target dev='vnet7'/>"));
            const error = await caught(replugNic("m3lab-dev", "no-such-br", nic));
            expect(error).to.be.instanceOf(UserError);
            expect(String(error)).to.include("not plugged vnet7").and.include("minikube stop -p m3lab-dev");
            const moved = await read("moved");
            const networks = [...moved.matchAll(/network="([^"]*)"/g)].map(([, network]) => network);
            expect(networks).to.deep.equal(["private", "lab"]);
            expect(moved).to.include(nic.mac).and.include("net1").and.not.include("portid");
        });

        it("leaves a machine alone that is off, and one whose NIC is on no bridge of this machine", async () => {
            await put("list", "another\n");
            expect(await replugNic("m3lab-dev", "no-such-br", nic)).to.equal(false);
            await put("list", "m3lab-dev\n");
            await put("dumpxml", description(""));
            expect(await replugNic("m3lab-dev", "no-such-br", nic)).to.equal(false);
            expect(await read("calls")).to.not.include("update-device");
        });
    });
});
