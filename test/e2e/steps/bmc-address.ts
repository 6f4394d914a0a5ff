import { expect } from "chai";
import { osImage } from "../../../plan/manifests/os-image";
import { askBmc, passwordOf } from "../bmc";
import { configure, eventually, NAMESPACE, previewedSteps, pulumi } from "../harness";
import { inLab, lab, up } from "./lab";

/** Shares with which the first four hosts, which are there, stay as they are, and the next one boots from a medium. */
const SHARES = JSON.stringify({
    small: 9,
    media: { share: 1, like: "edge", bmcDriver: "redfish-virtualmedia", bootMode: "UEFI" },
});
const NODES = 5;
const HOST = "host-0004";

/** Seconds for a deployment, or for what it made to be taken away. */
const DEPLOYMENT_SECONDS = 300;

const state = async (): Promise<string | undefined> => (await lab.live.hostStates())[HOST];

const reaches = (wanted: string): Promise<void> =>
    eventually(`${HOST} to be ${wanted}`, DEPLOYMENT_SECONDS, async () => (await state()) === wanted, state);

/** What the BMC of the host answers about it, or about a part of it. */
async function asked(path: string): Promise<Record<string, unknown>> {
    const found = (await lab.live.hosts()).find(({ metadata }) => metadata.name === HOST);
    const { address } = found?.spec["bmc"] as { address: string };
    const [status, text] = await askBmc(lab.live, { address, path, password: await passwordOf(lab.live, HOST) });
    expect(status, text).to.equal(200);
    return JSON.parse(text) as Record<string, unknown>;
}

/** A host that boots from its BMC's virtual drive, beside hosts that boot from the network. */
export function bmcAddress(): void {
    it("gets a host that is inspected from virtual media, in UEFI mode", async () => {
        await configure({ hostProfiles: SHARES, nodes: NODES });
        await up();
        await reaches("available");
        const found = (await lab.live.hosts()).find(({ metadata }) => metadata.name === HOST);
        expect((found?.spec["bmc"] as { address: string }).address).to.match(/^redfish-virtualmedia\+http:/);
        expect(found?.spec["bootMode"]).to.equal("UEFI");
        const data = (await lab.live.ofHosts("hardwaredata")).find(({ metadata }) => metadata.name === HOST);
        expect(JSON.stringify(data?.spec)).to.include("ED-110");
        const { Image } = await asked("/VirtualMedia/Cd");
        expect(String(Image)).to.match(/^(|http:\/\/.*\/redfish\/boot-.*\.iso)$/);
    });

    it("provisions it from there, after which it boots from its disk", async () => {
        const { url, checksum, checksumType, diskFormat } = osImage(NAMESPACE);
        const image = { url, checksum, checksumType, format: diskFormat };
        await inLab("patch", "baremetalhost", HOST, "--type=merge", "--patch", JSON.stringify({ spec: { image } }));
        await reaches("provisioned");
        const { Boot } = await asked("");
        expect(Boot).to.include({ BootSourceOverrideTarget: "Hdd", BootSourceOverrideMode: "UEFI" });
        expect(await asked("/VirtualMedia/Cd")).to.include({ Inserted: false });
        await inLab("patch", "baremetalhost", HOST, "--type=merge", "--patch", '{"spec":{"image":null}}');
        await reaches("available");
    });

    it("lets go of it again, with the hosts that are left as they were", async () => {
        expect((await pulumi(["config", "rm", "hostProfiles"], { quiet: true })).code).to.equal(0);
        await configure({ nodes: NODES - 1 });
        await up();
        expect((await lab.live.hosts()).map(({ metadata }) => metadata.name)).to.not.include(HOST);
        expect(await previewedSteps()).to.deep.equal([]);
    });
}
