/**
 * Networks and volumes, and what interrupted updates leave, against a real daemon. Skipped, and counted so, where there
 * is none.
 */
import { expect } from "chai";
import { OWNER_LABEL } from "../../plugins/docker/ownership";
import { IMAGE, PREFIX, SUBNET, address, client } from "./docker-machine";
import {
    CONTAINER,
    FOREVER,
    LABELS,
    NETWORK,
    Stage,
    VOLUME,
    container,
    isThere,
    network,
    volume,
} from "./docker-stage";
import { Json, failure } from "./harness";

describe("docker plugin with a daemon: networks, volumes and left-over objects", function () {
    this.timeout(60_000);
    const stage = Stage.hooks();

    it("reads networks and volumes, and says when they are gone", async () => {
        const net = await stage().make(NETWORK, network(), "net");
        const vol = await stage().make(VOLUME, volume(), "vol");
        expect((await stage().provider.read(NETWORK, net.id, net.outputs, net.inputs)).outputs).to.deep.equal(
            net.outputs,
        );
        expect((await stage().provider.read(VOLUME, vol.id, vol.outputs, vol.inputs)).outputs).to.deep.equal(
            vol.outputs,
        );
        await client.getNetwork(net.id).remove();
        await client.getVolume(vol.id).remove();
        expect((await stage().provider.read(NETWORK, net.id, net.outputs, net.inputs)).id).to.equal("");
        expect((await stage().provider.read(VOLUME, vol.id, vol.outputs, vol.inputs)).id).to.equal("");
    });

    it("puts only the program's labels on networks and volumes: the official plugin reads them back", async () => {
        const net = await stage().make(NETWORK, network({ labels: LABELS }), "net");
        const vol = await stage().make(VOLUME, volume({ labels: LABELS }), "vol");
        expect((await client.getNetwork(net.id).inspect()).Labels).to.deep.equal({ lab: PREFIX });
        expect((await client.getVolume(vol.id).inspect()).Labels).to.deep.equal({ lab: PREFIX });
    });

    it("refuses a name that somebody else has, and names it", async () => {
        const other = await client.createContainer({ name: `${PREFIX}-c`, Image: IMAGE, Cmd: ["true"] });
        await client.createVolume({ Name: `${PREFIX}-v`, Labels: { lab: "another" } });
        await client.createNetwork({ Name: `${PREFIX}-n` });
        const message = async (token: string, inputs: Json): Promise<string> =>
            (
                await failure(
                    stage()
                        .provider.checked(token, inputs)
                        .then((checked) => stage().provider.create(token, checked)),
                )
            ).message;
        expect(await message(CONTAINER, container())).to.match(
            new RegExp(
                `a container named ${PREFIX}-c exists already \\(created, of ${IMAGE}.* ` +
                    `was not made by this stack: .*docker rm -f ${PREFIX}-c`,
            ),
        );
        expect(await message(VOLUME, volume({ labels: LABELS }))).to.match(/a volume named .* exists already/);
        const half = volume({
            labels: [{ label: "lab", value: "another" }, ...LABELS.map((own) => ({ ...own, label: "more" }))],
        });
        expect(await message(VOLUME, half), "one of two labels").to.match(/a volume named .* exists already/);
        expect(await message(VOLUME, volume()), "no label").to.match(/a volume named .* exists already/);
        expect(await message(NETWORK, network({ labels: LABELS }))).to.match(
            /a network named .* exists already \(bridge, .* was not made by this stack/,
        );
        expect(await isThere(other.id)).to.equal(true);
        await other.remove();
        await client.getVolume(`${PREFIX}-v`).remove();
        await client.getNetwork(`${PREFIX}-n`).remove();
    });

    it("names the owner of a name that another stack has", async () => {
        const labels = { [OWNER_LABEL]: "urn:pulumi:other::plugins::docker:index/container:Container::c" };
        const other = await client.createContainer({
            name: `${PREFIX}-c`,
            Image: IMAGE,
            Cmd: ["true"],
            Labels: labels,
        });
        const error = await failure(
            stage()
                .provider.checked(CONTAINER, container())
                .then((checked) => stage().provider.create(CONTAINER, checked)),
        );
        expect(error.message).to.match(/belongs to urn:pulumi:other::plugins/);
        await other.remove();
    });

    it("uses a network and a volume that an interrupted update has made, and makes its container again", async () => {
        const half = await client.createContainer({
            name: `${PREFIX}-c`,
            Image: IMAGE,
            Cmd: ["true"],
            Labels: { [OWNER_LABEL]: stage().provider.urn(CONTAINER) },
        });
        const halfNetwork = await client.createNetwork({
            Name: `${PREFIX}-n`,
            Driver: "bridge",
            IPAM: { Driver: "default", Config: [{ Subnet: SUBNET, Gateway: address(1) }] },
            Labels: { lab: PREFIX },
        });
        await client.createVolume({ Name: `${PREFIX}-v`, Labels: { lab: PREFIX } });
        expect((await stage().make(NETWORK, network({ labels: LABELS }), "net")).id).to.equal(halfNetwork.id);
        expect((await stage().make(VOLUME, volume({ labels: LABELS }), "vol")).id).to.equal(`${PREFIX}-v`);
        const { id } = await stage().make(CONTAINER, container());
        expect(await isThere(half.id)).to.equal(false);
        expect(await isThere(id)).to.equal(true);
    });

    it("makes a network that an interrupted update has left again where it is not as wanted now", async () => {
        const half = await client.createNetwork({
            Name: `${PREFIX}-n`,
            Labels: { lab: PREFIX },
        });
        const { id, outputs } = await stage().make(NETWORK, network({ labels: LABELS }), "net");
        expect(id).to.not.equal(half.id);
        expect(outputs["ipamConfigs"]).to.deep.equal([{ subnet: SUBNET, gateway: address(1) }]);
    });

    it("removes with a network the containers of this stack that no state knows, and no other stack's", async () => {
        const net = await stage().make(NETWORK, network(), "net");
        const labels = { [OWNER_LABEL]: stage().provider.urn(CONTAINER, "forgotten") };
        const forgotten = await client.createContainer({
            name: `${PREFIX}-forgotten`,
            Image: IMAGE,
            Cmd: FOREVER,
            Labels: labels,
            HostConfig: { NetworkMode: `${PREFIX}-n` },
        });
        await forgotten.start();
        const foreign = await client.createContainer({
            name: `${PREFIX}-foreign`,
            Image: IMAGE,
            Cmd: FOREVER,
            Labels: { [OWNER_LABEL]: "urn:pulumi:other::plugins::t::c" },
            HostConfig: { NetworkMode: `${PREFIX}-n` },
        });
        await stage().provider.delete(NETWORK, net.id, net.outputs);
        expect(await isThere(forgotten.id)).to.equal(false);
        expect(await isThere(foreign.id)).to.equal(true);
        await foreign.remove({ force: true });
    });

    it("says which network has the addresses", async () => {
        await stage().make(NETWORK, network(), "net");
        const checked = await stage().provider.checked(NETWORK, {
            name: `${PREFIX}-m`,
            ipamConfigs: [{ subnet: address(64) + "/26" }],
        });
        expect((await failure(stage().provider.create(NETWORK, checked, false, "m"))).message).to.match(
            new RegExp(`overlaps with network ${PREFIX}-n \\(${SUBNET}\\)`),
        );
    });
});
