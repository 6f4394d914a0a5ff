import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { LibvirtNetwork } from "../../components/substrate/minikube/libvirt-network";
import { libvirtNetworkPlan } from "../../plan/libvirt-network";
import { Recorder } from "./mocks";

/** A socket at which somebody answers: without one a preview does not know the connection. */
const SOCKET = join(tmpdir(), `libvirt-network-test-${process.pid}`);
const NETWORK = "libvirt:index/network:Network";
const PROVIDER = "pulumi:providers:libvirt";
const URI = `qemu:///system?socket=${SOCKET}`;
const network = libvirtNetworkPlan("dev", "baremetal", "192.168.222.0/24", "m3lab-dev");

async function recorded(): Promise<Recorder> {
    const recorder = new Recorder();
    // As in a preview: the network is not looked at.
    await recorder.start("metal3-scale-lab", "dev", true);
    const made = new LibvirtNetwork("network", { network, libvirtUri: URI, dockerNetwork: "m3lab-dev-provisioning" });
    await new Promise<void>((resolve) => {
        pulumi.output(made.network.id).apply(() => resolve());
    });
    await pulumi.runtime.disconnect();
    return recorder;
}

describe("The libvirt network", () => {
    const daemon = createServer();
    before((done) => void daemon.listen(SOCKET, done));
    after((done) => void daemon.close(done));

    it("has the official tokens, and its own connection", async () => {
        const recorder = await recorded();
        expect(recorder.resources.map(({ type }) => type)).to.have.members([
            "metal3lab:index:LibvirtNetwork",
            PROVIDER,
            NETWORK,
        ]);
        expect(recorder.of(PROVIDER)[0]?.inputs).to.deep.include({ uri: URI });
    });

    it("is a NAT network that starts with the machine, on the plan's bridge and range", async () => {
        const { inputs } = (await recorded()).of(NETWORK)[0] ?? { inputs: {} };
        expect(inputs).to.deep.include({
            name: "baremetal",
            mode: "nat",
            bridge: network.bridge,
            addresses: ["192.168.222.0/24"],
            autostart: true,
            dhcp: { enabled: true },
        });
    });

    it("gets UUID, leases and the node's reservation by a stylesheet that follows from the plan alone", async () => {
        const texts = [];
        for (const recorder of [await recorded(), await recorded()]) {
            texts.push((recorder.of(NETWORK)[0]?.inputs["xml"] as { xslt: string }).xslt);
        }
        expect(texts[0]).to.equal(texts[1]);
        const { mac, name, address } = network.node;
        expect(texts[0])
            .to.include(`<uuid>${network.uuid}</uuid>`)
            .and.include('<range start="192.168.222.2" end="192.168.222.15"/>')
            .and.include(`<host mac="${mac}" name="${name}" ip="${address}"/>`);
    });
});
