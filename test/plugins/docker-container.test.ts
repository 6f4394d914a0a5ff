/** Containers against a real daemon. Skipped, and counted so, where there is none. */
import { expect } from "chai";
import { OWNER_LABEL } from "../../plugins/docker/ownership";
import { IMAGE, PREFIX, SUBNET, address, client, execute } from "./docker-machine";
import { CONTAINER, NETWORK, Stage, VOLUME, container, isThere, network } from "./docker-stage";
import { Json, failure, secret } from "./harness";

describe("docker plugin with a daemon: containers", function () {
    this.timeout(60_000);
    const stage = Stage.hooks();

    it("makes a container in a network with a volume, files, ports and secrets", async () => {
        const net = await stage().make(NETWORK, network({ labels: [{ label: "a", value: "b" }] }), "net");
        const vol = await stage().make(VOLUME, { name: `${PREFIX}-v` }, "vol");
        const long = `/etc/${"long-directory/".repeat(12)}file`;
        const { id, outputs, inputs } = await stage().make(CONTAINER, {
            ...container(),
            hostname: "it",
            envs: ["PLAIN=1", secret("TOKEN=s3cret")],
            networksAdvanced: [{ name: `${PREFIX}-n`, ipv4Address: address(10) }],
            volumes: [{ volumeName: `${PREFIX}-v`, containerPath: "/data" }],
            uploads: [
                { file: "/etc/it/text", content: "äöü" },
                { file: "/usr/local/bin/hi", content: "#!/bin/sh\necho hi $PLAIN", executable: true },
                { file: long, content: "deep" },
                { file: "/etc/it/empty", content: "" },
            ],
            ports: [{ internal: 80, ip: "127.0.0.1" }],
            labels: [{ label: "x", value: "y" }],
            memory: 64,
        });
        expect(net.outputs).to.deep.include({
            driver: "bridge",
            scope: "local",
            internal: false,
            ipamConfigs: [{ subnet: SUBNET, gateway: address(1) }],
        });
        expect(vol.outputs["mountpoint"]).to.match(new RegExp(`${PREFIX}-v/_data$`));
        expect(outputs["envs"]).to.deep.equal(secret(["PLAIN=1", "TOKEN=s3cret"]));
        expect((outputs["networkDatas"] as Json[])[0]).to.deep.include({
            networkName: `${PREFIX}-n`,
            ipAddress: address(10),
            gateway: address(1),
            ipPrefixLength: 25,
        });
        expect((outputs["ports"] as Json[])[0]?.["external"]).to.be.within(1024, 65535);
        expect(outputs).to.deep.include({ hostname: "it", exitCode: 0, image: IMAGE, entrypoints: [] });
        expect(
            await execute(
                id,
                `cat /etc/it/text ${long}; echo; /usr/local/bin/hi; echo $TOKEN; echo kept > /data/x; cat /data/x`,
            ),
        ).to.equal("äöüdeep\nhi 1\ns3cret\nkept");

        const info = await client.getContainer(id).inspect();
        expect(Object.keys(info.NetworkSettings.Networks)).to.deep.equal([`${PREFIX}-n`]);
        expect(info.Config.Labels).to.deep.equal({ x: "y", [OWNER_LABEL]: stage().provider.urn(CONTAINER) });

        const read = await stage().provider.read(CONTAINER, id, outputs, inputs);
        expect((await stage().provider.diff(CONTAINER, read.inputs, inputs)).changes).to.equal("none");
        expect(read.outputs["envs"]).to.deep.equal(outputs["envs"]);
    });

    it("updates limits in place: the same process goes on", async () => {
        const { id, outputs, inputs } = await stage().make(CONTAINER, container({ memory: 64 }));
        const before = (await client.getContainer(id).inspect()).State.StartedAt;
        const news = await stage().provider.checked(CONTAINER, container({ memory: 128, restart: "always" }), inputs);
        expect(await stage().provider.update(CONTAINER, id, outputs, news)).to.include({
            memory: 128,
            restart: "always",
        });
        const after = await client.getContainer(id).inspect();
        expect(after.HostConfig.Memory).to.equal(128 * 1024 * 1024);
        expect(after.HostConfig.RestartPolicy?.Name).to.equal("always");
        expect(after.State.StartedAt).to.equal(before);
    });

    it("reports at a refresh what somebody else has changed, and nothing else", async () => {
        const { id, outputs, inputs } = await stage().make(CONTAINER, container({ memory: 64 }));
        await client.getContainer(id).update({ Memory: 32 * 1024 * 1024 });
        expect((await stage().provider.read(CONTAINER, id, outputs, inputs)).inputs["memory"]).to.equal(32);

        await client.getContainer(id).kill();
        const dead = await stage().provider.read(CONTAINER, id, outputs, inputs);
        expect(dead.inputs["mustRun"]).to.equal(false);
        expect(dead.outputs).to.include({ exitCode: 137, mustRun: false });
        const diff = await stage().provider.diff(CONTAINER, dead.inputs, inputs);
        expect(diff).to.deep.include({ diffs: ["memory", "mustRun"], replaces: [] });
        await stage().provider.update(CONTAINER, id, dead.outputs, inputs);
        expect((await client.getContainer(id).inspect()).State.Running).to.equal(true);

        await client.getContainer(id).remove({ force: true });
        expect((await stage().provider.read(CONTAINER, id, outputs, inputs)).id).to.equal("");
    });

    it("says who has the port, and leaves nothing behind", async () => {
        const first = await stage().make(
            CONTAINER,
            container({ name: `${PREFIX}-first`, ports: [{ internal: 80, ip: "127.0.0.1" }] }),
            "first",
        );
        const port = (first.outputs["ports"] as Json[])[0]?.["external"] as number;
        const checked = await stage().provider.checked(
            CONTAINER,
            container({ ports: [{ internal: 80, external: port, ip: "127.0.0.1" }] }),
        );
        expect((await failure(stage().provider.create(CONTAINER, checked))).message).to.match(
            new RegExp(`a port of the host is taken: 127.0.0.1:${port}/tcp is published by container ${PREFIX}-first`),
        );
        expect(await isThere(`${PREFIX}-c`)).to.equal(false);
    });

    it("says who has the address, and leaves nothing behind", async () => {
        await stage().make(NETWORK, network(), "net");
        const at = { networksAdvanced: [{ name: `${PREFIX}-n`, ipv4Address: address(9) }] };
        await stage().make(CONTAINER, container({ name: `${PREFIX}-first`, ...at }), "first");
        const checked = await stage().provider.checked(CONTAINER, container(at));
        expect((await failure(stage().provider.create(CONTAINER, checked))).message).to.match(
            new RegExp(`${address(9).replaceAll(".", "\\.")} in ${PREFIX}-n is held by container ${PREFIX}-first`),
        );
        expect(await isThere(`${PREFIX}-c`)).to.equal(false);
    });

    it("says which container of somebody else keeps the network, which goes once that one is gone", async () => {
        const net = await stage().make(NETWORK, network(), "net");
        const foreign = await client.createContainer({
            name: `${PREFIX}-dbg`,
            Image: IMAGE,
            Cmd: ["sleep", "60"],
            HostConfig: { NetworkMode: `${PREFIX}-n` },
        });
        await foreign.start();
        try {
            const removal = failure(stage().provider.delete(NETWORK, net.id, net.outputs));
            await stage().provider.cancel();
            expect((await removal).message).to.match(new RegExp(`cannot remove network ${PREFIX}-n.*${PREFIX}-dbg`));
        } finally {
            await foreign.remove({ force: true });
        }
    });

    it("stops with grace when asked to", async () => {
        const script = "trap 'echo bye > /data/end; exit 0' TERM; while :; do sleep 0.1; done";
        const vol = await stage().make(VOLUME, { name: `${PREFIX}-v` }, "vol");
        const inputs = container({
            command: ["/bin/sh", "-c", script],
            destroyGraceSeconds: 5,
            volumes: [{ volumeName: vol.id, containerPath: "/data" }],
        });
        const { id, outputs } = await stage().make(CONTAINER, inputs);
        await stage().provider.delete(CONTAINER, id, outputs);
        const reader = await stage().make(
            CONTAINER,
            container({ volumes: [{ volumeName: vol.id, containerPath: "/data" }] }),
            "reader",
        );
        expect(await execute(reader.id, "cat /data/end")).to.equal("bye");
    });

    it("says so when neither the local store nor a registry has the image", async () => {
        const missing = await stage().provider.checked(CONTAINER, container({ image: "localhost:1/none:1" }));
        expect((await failure(stage().provider.create(CONTAINER, missing))).message).to.match(
            /image localhost:1\/none:1 is not in the local store and cannot be pulled/,
        );
    });

    it("refuses an import", async () => {
        expect((await failure(stage().provider.read(CONTAINER, `${PREFIX}-c`))).message).to.match(
            /Container cannot be imported with this replacement plugin/,
        );
    });

    it("deletes what is gone already", async () => {
        await stage().provider.delete(CONTAINER, "0".repeat(64), {});
        await stage().provider.delete(NETWORK, "0".repeat(64), {});
        await stage().provider.delete(VOLUME, `${PREFIX}-none`, {});
    });
});
