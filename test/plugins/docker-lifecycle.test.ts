/** Docker's resources against a real daemon. Skipped, and counted so, where there is none. */
import { expect } from "chai";
import { OWNER_LABEL } from "../../plugins/docker/ownership";
import { dockerProvider } from "../../plugins/docker/provider";
import { skipBecause } from "../skip";
import { IMAGE, PREFIX, SUBNET, address, cleanUp, client, execute, isDockerThere, makeImage } from "./docker-machine";
import { Harness, Json, failure, initFailure, secret } from "./harness";

const CONTAINER = "docker:index/container:Container";
const NETWORK = "docker:index/network:Network";
const VOLUME = "docker:index/volume:Volume";
const REMOTE_IMAGE = "docker:index/remoteImage:RemoteImage";
const FOREVER = ["/bin/sh", "-c", "echo here I am; exec sleep 1000"];

describe("docker provider with a daemon", function () {
    this.timeout(60_000);
    let provider: Harness;
    const made: { token: string; id: string; state: Json }[] = [];

    before(async function () {
        if (!(await isDockerThere())) {
            skipBecause(this, "Docker does not answer");
        }
        await makeImage();
        provider = await Harness.start(dockerProvider);
    });
    after(async () => {
        provider?.stop();
        if (await isDockerThere()) {
            await cleanUp();
        }
    });
    afterEach(async () => {
        for (const { token, id, state } of made.splice(0).reverse()) {
            await provider.delete(token, id, state);
        }
    });

    async function make(
        token: string,
        inputs: Json,
        name = "it",
    ): Promise<{ id: string; outputs: Json; inputs: Json }> {
        const checked = await provider.checked(token, inputs, {}, name);
        const { id, outputs } = await provider.create(token, checked, false, name);
        made.push({ token, id, state: outputs });
        return { id, outputs, inputs: checked };
    }
    const container = (more: Json = {}): Json => ({ name: `${PREFIX}-c`, image: IMAGE, command: FOREVER, ...more });
    const network = (more: Json = {}): Json => ({
        name: `${PREFIX}-n`,
        ipamConfigs: [{ subnet: SUBNET, gateway: address(1) }],
        ...more,
    });
    const isThere = async (id: string): Promise<boolean> =>
        client
            .getContainer(id)
            .inspect()
            .then(
                () => true,
                () => false,
            );

    it("makes a container in a network with a volume, files, ports and secrets", async () => {
        const net = await make(NETWORK, network({ labels: [{ label: "a", value: "b" }] }), "net");
        const vol = await make(VOLUME, { name: `${PREFIX}-v` }, "vol");
        const long = `/etc/${"long-directory/".repeat(12)}file`;
        const { id, outputs, inputs } = await make(CONTAINER, {
            ...container(),
            hostname: "it",
            envs: ["PLAIN=1", secret("TOKEN=s3cret")],
            networksAdvanced: [{ name: `${PREFIX}-n`, ipv4Address: address(10), aliases: ["other"] }],
            volumes: [{ volumeName: `${PREFIX}-v`, containerPath: "/data" }],
            uploads: [
                { file: "/etc/it/text", content: "äöü" },
                {
                    file: "/etc/it/binary",
                    contentBase64: Buffer.from([0, 255, 10]).toString("base64"),
                    permissions: "0600",
                },
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
        expect(info.Config.Labels).to.deep.equal({ x: "y", [OWNER_LABEL]: provider.urn(CONTAINER) });

        const read = await provider.read(CONTAINER, id, outputs, inputs);
        expect((await provider.diff(CONTAINER, read.inputs, inputs)).changes).to.equal("none");
        expect(read.outputs["envs"]).to.deep.equal(outputs["envs"]);
    });

    it("updates limits in place: the same process goes on", async () => {
        const { id, outputs, inputs } = await make(CONTAINER, container({ memory: 64 }));
        const before = (await client.getContainer(id).inspect()).State.StartedAt;
        const news = await provider.checked(
            CONTAINER,
            container({ memory: 128, restart: "always", maxRetryCount: 0 }),
            inputs,
        );
        expect(await provider.update(CONTAINER, id, outputs, news)).to.include({ memory: 128, restart: "always" });
        const after = await client.getContainer(id).inspect();
        expect(after.HostConfig.Memory).to.equal(128 * 1024 * 1024);
        expect(after.HostConfig.RestartPolicy?.Name).to.equal("always");
        expect(after.State.StartedAt).to.equal(before);
    });

    it("reports what changed behind our back, and only that", async () => {
        const { id, outputs, inputs } = await make(CONTAINER, container({ memory: 64 }));
        await client.getContainer(id).update({ Memory: 32 * 1024 * 1024 });
        expect((await provider.read(CONTAINER, id, outputs, inputs)).inputs["memory"]).to.equal(32);

        await client.getContainer(id).kill();
        const dead = await provider.read(CONTAINER, id, outputs, inputs);
        expect(dead.inputs["mustRun"]).to.equal(false);
        expect(dead.outputs).to.include({ exitCode: 137, mustRun: false });
        const diff = await provider.diff(CONTAINER, dead.inputs, inputs);
        expect(diff).to.deep.include({ diffs: ["memory", "mustRun"], replaces: [] });
        await provider.update(CONTAINER, id, dead.outputs, inputs);
        expect((await client.getContainer(id).inspect()).State.Running).to.equal(true);

        await client.getContainer(id).remove({ force: true });
        expect((await provider.read(CONTAINER, id, outputs, inputs)).id).to.equal("");
    });

    it("reads networks and volumes, and says when they are gone", async () => {
        const net = await make(NETWORK, network(), "net");
        const vol = await make(VOLUME, { name: `${PREFIX}-v` }, "vol");
        expect((await provider.read(NETWORK, net.id, net.outputs, net.inputs)).outputs).to.deep.equal(net.outputs);
        expect((await provider.read(VOLUME, vol.id, vol.outputs, vol.inputs)).outputs).to.deep.equal(vol.outputs);
        await client.getNetwork(net.id).remove();
        await client.getVolume(vol.id).remove();
        expect((await provider.read(NETWORK, net.id, net.outputs, net.inputs)).id).to.equal("");
        expect((await provider.read(VOLUME, vol.id, vol.outputs, vol.inputs)).id).to.equal("");
    });

    it("imports by name or id, with inputs that make no difference", async () => {
        const net = await make(NETWORK, network({ labels: [{ label: "a", value: "b" }] }), "net");
        const { id } = await make(
            CONTAINER,
            container({ labels: [{ label: "a", value: "b" }], envs: ["A=1"], memory: 64 }),
        );
        const read = await provider.read(CONTAINER, `${PREFIX}-c`);
        expect(read.id).to.equal(id);
        expect(read.inputs).to.deep.include({
            name: `${PREFIX}-c`,
            image: IMAGE,
            command: FOREVER,
            labels: [{ label: "a", value: "b" }],
            memory: 64,
        });
        expect(
            (await provider.diff(CONTAINER, read.inputs, await provider.checked(CONTAINER, read.inputs))).changes,
        ).to.equal("none");
        const importedNetwork = await provider.read(NETWORK, net.id);
        expect((await provider.diff(NETWORK, importedNetwork.inputs, net.inputs)).changes).to.equal("none");
    });

    it("refuses a name that somebody else has, and names it", async () => {
        const other = await client.createContainer({ name: `${PREFIX}-c`, Image: IMAGE, Cmd: ["true"] });
        await client.createVolume({ Name: `${PREFIX}-v` });
        await client.createNetwork({ Name: `${PREFIX}-n` });
        const message = async (token: string, inputs: Json): Promise<string> =>
            (await failure(provider.checked(token, inputs).then((checked) => provider.create(token, checked)))).message;
        expect(await message(CONTAINER, container())).to.match(
            new RegExp(
                `a container named ${PREFIX}-c exists already \\(created, of ${IMAGE}.* was not made by this stack: .*docker rm -f ${PREFIX}-c`,
            ),
        );
        expect(await message(VOLUME, { name: `${PREFIX}-v` })).to.match(/a volume named .* exists already/);
        expect(await message(NETWORK, { name: `${PREFIX}-n` })).to.match(
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
            provider.checked(CONTAINER, container()).then((checked) => provider.create(CONTAINER, checked)),
        );
        expect(error.message).to.match(/belongs to urn:pulumi:other::plugins/);
        await other.remove();
    });

    it("finishes what an interrupted update of the same resource has begun", async () => {
        const half = await client.createContainer({
            name: `${PREFIX}-c`,
            Image: IMAGE,
            Cmd: ["true"],
            Labels: { [OWNER_LABEL]: provider.urn(CONTAINER) },
        });
        const halfNetwork = await client.createNetwork({
            Name: `${PREFIX}-n`,
            Driver: "bridge",
            IPAM: { Driver: "default", Config: [{ Subnet: SUBNET, Gateway: address(1) }] },
            Labels: { [OWNER_LABEL]: provider.urn(NETWORK, "net") },
        });
        await client.createVolume({ Name: `${PREFIX}-v`, Labels: { [OWNER_LABEL]: provider.urn(VOLUME, "vol") } });
        expect((await make(NETWORK, network(), "net")).id).to.equal(halfNetwork.id);
        expect((await make(VOLUME, { name: `${PREFIX}-v` }, "vol")).id).to.equal(`${PREFIX}-v`);
        const { id } = await make(CONTAINER, container());
        expect(await isThere(half.id)).to.equal(false);
        expect(await isThere(id)).to.equal(true);
    });

    it("makes a left-over network again where it is not as wanted now", async () => {
        const half = await client.createNetwork({
            Name: `${PREFIX}-n`,
            Labels: { [OWNER_LABEL]: provider.urn(NETWORK, "net") },
        });
        const { id, outputs } = await make(NETWORK, network(), "net");
        expect(id).to.not.equal(half.id);
        expect(outputs["ipamConfigs"]).to.deep.equal([{ subnet: SUBNET, gateway: address(1) }]);
    });

    it("takes containers that an interrupted update forgot away with their network, and no other stack's", async () => {
        const net = await make(NETWORK, network(), "net");
        const labels = { [OWNER_LABEL]: provider.urn(CONTAINER, "forgotten") };
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
        await provider.delete(NETWORK, net.id, net.outputs);
        made.length = 0;
        expect(await isThere(forgotten.id)).to.equal(false);
        expect(await isThere(foreign.id)).to.equal(true);
        await foreign.remove({ force: true });
    });

    it("says who has the port, and leaves nothing behind", async () => {
        const first = await make(
            CONTAINER,
            container({ name: `${PREFIX}-first`, ports: [{ internal: 80, ip: "127.0.0.1" }] }),
            "first",
        );
        const port = (first.outputs["ports"] as Json[])[0]?.["external"] as number;
        const checked = await provider.checked(
            CONTAINER,
            container({ ports: [{ internal: 80, external: port, ip: "127.0.0.1" }] }),
        );
        expect((await failure(provider.create(CONTAINER, checked))).message).to.match(
            new RegExp(`a port of the host is taken: 127.0.0.1:${port}/tcp is published by container ${PREFIX}-first`),
        );
        expect(await isThere(`${PREFIX}-c`)).to.equal(false);
    });

    it("says who has the address, and leaves nothing behind", async () => {
        await make(NETWORK, network(), "net");
        const at = { networksAdvanced: [{ name: `${PREFIX}-n`, ipv4Address: address(9) }] };
        await make(CONTAINER, container({ name: `${PREFIX}-first`, ...at }), "first");
        const checked = await provider.checked(CONTAINER, container(at));
        expect((await failure(provider.create(CONTAINER, checked))).message).to.match(
            new RegExp(`${address(9).replaceAll(".", "\\.")} in ${PREFIX}-n is held by container ${PREFIX}-first`),
        );
        expect(await isThere(`${PREFIX}-c`)).to.equal(false);
    });

    it("says which network has the addresses", async () => {
        await make(NETWORK, network(), "net");
        const checked = await provider.checked(NETWORK, {
            name: `${PREFIX}-m`,
            ipamConfigs: [{ subnet: address(64) + "/26" }],
        });
        expect((await failure(provider.create(NETWORK, checked, false, "m"))).message).to.match(
            new RegExp(`overlaps with network ${PREFIX}-n \\(${SUBNET}\\)`),
        );
    });

    const check = (test: string): Json => ({
        healthcheck: { tests: ["CMD-SHELL", test], interval: "1s", retries: 1 },
        wait: true,
        waitTimeout: 20,
    });

    it("waits until a container is healthy", async () => {
        const { id } = await make(
            CONTAINER,
            container({
                ...check("test -f /ready"),
                command: ["/bin/sh", "-c", "sleep 2; echo > /ready; exec sleep 1000"],
            }),
        );
        expect((await client.getContainer(id).inspect()).State.Health?.Status).to.equal("healthy");
    });

    it("tells why a container is not healthy, keeps it for a look, and restarts it at the next update", async () => {
        const inputs = await provider.checked(
            CONTAINER,
            container({ ...check("echo not yet; exit 3"), waitTimeout: 3 }),
        );
        const error = await failure(provider.create(CONTAINER, inputs));
        expect(error.message).to.match(
            /is not healthy after 3 s \(waitTimeout\), but unhealthy\nlast health check \(exit code 3\): not yet\nlast lines of the container:\nhere I am/,
        );
        const kept = initFailure(error);
        expect(kept?.properties).to.include({ name: `${PREFIX}-c` });
        const id = kept?.id as string;
        made.push({ token: CONTAINER, id, state: kept?.properties as Json });
        const started = (await client.getContainer(id).inspect()).State.StartedAt;
        await failure(provider.update(CONTAINER, id, kept?.properties as Json, inputs));
        expect((await client.getContainer(id).inspect()).State.StartedAt).to.not.equal(started);
    });

    it("does not wait for a container that has ended, and gives its last words", async () => {
        const inputs = await provider.checked(
            CONTAINER,
            container({ ...check("true"), command: ["/bin/sh", "-c", "echo cannot go on >&2; exit 4"] }),
        );
        const error = await failure(provider.create(CONTAINER, inputs));
        expect(error.message).to.match(/ended with exit code 4 before it was healthy\n.*cannot go on/s);
        made.push({ token: CONTAINER, id: initFailure(error)?.id as string, state: {} });
    });

    it("refuses to wait where there is no healthcheck", async () => {
        const error = await failure(
            provider.create(CONTAINER, await provider.checked(CONTAINER, container({ wait: true }))),
        );
        expect(error.message).to.match(/has `wait`, but no healthcheck/);
        made.push({ token: CONTAINER, id: initFailure(error)?.id as string, state: {} });
    });

    it("stops with grace when asked to", async () => {
        const script = "trap 'echo bye > /data/end; exit 0' TERM; while :; do sleep 0.1; done";
        const vol = await make(VOLUME, { name: `${PREFIX}-v` }, "vol");
        const inputs = container({
            command: ["/bin/sh", "-c", script],
            destroyGraceSeconds: 5,
            volumes: [{ volumeName: vol.id, containerPath: "/data" }],
        });
        const { id, outputs } = await make(CONTAINER, inputs);
        await provider.delete(CONTAINER, id, outputs);
        const reader = await make(
            CONTAINER,
            container({ volumes: [{ volumeName: vol.id, containerPath: "/data" }] }),
            "reader",
        );
        expect(await execute(reader.id, "cat /data/end")).to.equal("bye");
    });

    it("deletes what is gone already", async () => {
        await provider.delete(CONTAINER, "0".repeat(64), {});
        await provider.delete(NETWORK, "0".repeat(64), {});
        await provider.delete(VOLUME, `${PREFIX}-none`, {});
    });

    it("finds an image in the local store, and says so when neither store nor registry has one", async () => {
        const found = await make(REMOTE_IMAGE, { name: IMAGE, keepLocally: true });
        expect(found.outputs["imageId"]).to.match(/^sha256:[0-9a-f]{64}$/);
        expect(found.id).to.equal(`${found.outputs["imageId"] as string}${IMAGE}`);
        const missing = await provider.checked(REMOTE_IMAGE, { name: "localhost:1/none:1" });
        expect((await failure(provider.create(REMOTE_IMAGE, missing))).message).to.match(
            /image localhost:1\/none:1 is not in the local store and cannot be pulled/,
        );
    });
});
