/** Docker's resources without a daemon: checks, previews, and what Docker would be asked. */
import { expect } from "chai";
import * as fc from "fast-check";
import { overlap } from "../../plugins/docker/conflicts";
import { createOptions, nanoseconds, updateOptions } from "../../plugins/docker/containerConfig";
import { demultiplex } from "../../plugins/docker/health";
import { dockerProvider } from "../../plugins/docker/provider";
import { Harness, Json, UNKNOWN, secret } from "./harness";

const CONTAINER = "docker:index/container:Container";
const NETWORK = "docker:index/network:Network";
const VOLUME = "docker:index/volume:Volume";
const BASE = { name: "c", image: "i" };

describe("docker plugin without a daemon: checks and previews", () => {
    let provider: Harness;
    before(async () => {
        provider = await Harness.start(dockerProvider);
    });
    after(() => provider.stop());

    const refused: [string, string, Json, RegExp][] = [
        [CONTAINER, "no image", { name: "c" }, /image is required/],
        [
            CONTAINER,
            "an official property that is not served",
            { ...BASE, gpus: "all" },
            /gpus of docker:index\/container:Container is not implemented by this replacement plugin/,
        ],
        [
            CONTAINER,
            "one inside a nested object",
            { ...BASE, networksAdvanced: [{ name: "n", gwPriority: 1 }] },
            /gwPriority of .*networksAdvanced\[0\].* is not implemented/,
        ],
        [
            CONTAINER,
            "a property that is none",
            { ...BASE, imgae: "x" },
            /imgae is not a property of docker:index\/container:Container; it has .*image/,
        ],
        [
            CONTAINER,
            "a port out of range",
            { ...BASE, ports: [{ internal: 70000 }] },
            /ports\[0\]\.internal must be a port, 1 to 65535, but is 70000/,
        ],
        [
            CONTAINER,
            "an unknown protocol",
            { ...BASE, ports: [{ internal: 1, protocol: "icmp" }] },
            /protocol must be tcp, udp or sctp/,
        ],
        [CONTAINER, "a restart policy", { ...BASE, restart: "sometimes" }, /restart must be no, on-failure/],
        [
            CONTAINER,
            "a duration without a unit",
            { ...BASE, healthcheck: { interval: "3" } },
            /healthcheck\.interval must be a duration/,
        ],
        [
            CONTAINER,
            "an upload without content",
            { ...BASE, uploads: [{ file: "/a" }] },
            /uploads\[0\]\.content is required/,
        ],
        [
            CONTAINER,
            "a relative upload",
            { ...BASE, uploads: [{ file: "a", content: "a" }] },
            /uploads\[0\]\.file must be an absolute path/,
        ],
        [
            CONTAINER,
            "a volume without a path",
            { ...BASE, volumes: [{ volumeName: "v" }] },
            /volumes\[0\]\.containerPath is required/,
        ],
        [CONTAINER, "waiting for its output", { ...BASE, attach: true }, /attach can only be false .*, but is true/],
        [CONTAINER, "envs without a name", { ...BASE, envs: ["=x"] }, /envs must be KEY=VALUE/],
        [
            NETWORK,
            "a subnet that is none",
            { name: "n", ipamConfigs: [{ subnet: "10.0.0.0" }] },
            /subnet must be an address range/,
        ],
        [
            NETWORK,
            "a gateway outside",
            { name: "n", ipamConfigs: [{ subnet: "10.0.0.0/24", gateway: "10.0.1.1" }] },
            /gateway must be inside the subnet 10\.0\.0\.0\/24, but is 10\.0\.1\.1/,
        ],
        [VOLUME, "a cluster volume", { cluster: {} }, /cluster of docker:index\/volume:Volume is not implemented/],
    ];
    for (const [token, what, inputs, message] of refused) {
        it(`refuses ${what}`, async () => {
            const { failures } = await provider.check(token, inputs);
            expect(failures.map((found) => found.reason).join("\n")).to.match(message);
        });
    }

    it("never repeats a secret in a message", async () => {
        const { failures } = await provider.check(CONTAINER, { ...BASE, envs: secret("hunter2"), command: [1234567] });
        expect(JSON.stringify(failures)).to.contain("envs must be a list").and.not.to.contain("hunter2");
    });

    it("checks a provider's configuration", async () => {
        expect(await provider.checkConfig({ host: "unix:///var/run/docker.sock", version: "5.2.0" })).to.deep.equal([]);
        expect((await provider.checkConfig({ host: "ssh://me@there" }))[0]?.reason).to.match(
            /host must be unix:\/\/\/PATH or tcp/,
        );
        expect((await provider.checkConfig({ registryAuth: "[]" }))[0]?.reason).to.match(
            /registryAuth .* is not implemented/,
        );
    });

    it("names a container after its resource, and keeps the name", async () => {
        const first = await provider.checked(CONTAINER, { image: "i" });
        expect(first["name"]).to.match(/^it-[0-9a-f]{7}$/);
        expect(first["__defaults"]).to.include("name");
        expect((await provider.checked(CONTAINER, { image: "j" }, first))["name"]).to.equal(first["name"]);
        expect((await provider.checked(CONTAINER, { image: "j", name: "mine" }, first))["name"]).to.equal("mine");
    });

    it("previews with what is known, and secrets as secrets", async () => {
        const inputs = await provider.checked(CONTAINER, {
            ...BASE,
            envs: ["A=1", secret(UNKNOWN)],
            ports: [{ internal: 80 }, { internal: 81, external: 8081 }],
            networksAdvanced: [{ name: UNKNOWN, ipv4Address: "10.0.0.2" }],
        });
        const { outputs } = await provider.create(CONTAINER, inputs, true);
        expect(outputs).to.deep.include({
            name: "c",
            restart: "no",
            networkDatas: UNKNOWN,
            hostname: UNKNOWN,
            envs: secret(["A=1", UNKNOWN]),
            networksAdvanced: [{ name: UNKNOWN, ipv4Address: "10.0.0.2" }],
        });
        expect((outputs["ports"] as Json[]).map((port) => port["external"])).to.deep.equal([UNKNOWN, 8081]);
        const updated = await provider.update(
            CONTAINER,
            "id",
            { ...inputs, hostname: "abc", networkDatas: [] },
            { ...inputs, memory: 5 },
            true,
        );
        // Known, as upstream: what hangs on a container's address must not change because its memory does.
        expect(updated).to.deep.include({ hostname: "abc", memory: 5, networkDatas: [] });
    });

    it("asks Docker for what Kubernetes in a container needs", () => {
        const options = createOptions(
            {
                ...BASE,
                restart: "no",
                capabilities: { adds: ["ALL"], drops: ["CAP_SYS_RESOURCE"] },
                securityOpts: ["seccomp=unconfined", "systempaths=unconfined"],
                deviceCgroupRules: ["a *:* rwm"],
                devices: [{ hostPath: "/dev/kmsg", permissions: "rwm" }],
                cgroupnsMode: "private",
                tmpfs: { "/run": "exec" },
                volumes: [{ volumeName: "v", containerPath: "/var" }],
                memory: 2,
            },
            { owner: "me" },
        );
        expect(options.HostConfig).to.deep.include({
            CapAdd: ["ALL"],
            CapDrop: ["CAP_SYS_RESOURCE"],
            SecurityOpt: ["seccomp=unconfined"],
            MaskedPaths: [],
            ReadonlyPaths: [],
            DeviceCgroupRules: ["a *:* rwm"],
            Devices: [{ PathOnHost: "/dev/kmsg", PathInContainer: "/dev/kmsg", CgroupPermissions: "rwm" }],
            CgroupnsMode: "private",
            Tmpfs: { "/run": "exec" },
            Binds: ["v:/var:rw"],
            Memory: 2 * 1024 * 1024,
            Init: false,
        });
        expect(options.Labels).to.deep.equal({ owner: "me" });
        expect(updateOptions({ restart: "always", memory: 1 })).to.deep.equal({
            Memory: 1 << 20,
            RestartPolicy: { Name: "always" },
        });
    });

    it("reads durations as Go does", () => {
        expect(["0s", "3s", "1m30s", "1.5h", "250ms"].map(nanoseconds)).to.deep.equal([0, 3e9, 90e9, 5400e9, 25e7]);
    });

    it("takes Docker's log frames apart, wherever they are cut", () => {
        fc.assert(
            fc.property(fc.array(fc.tuple(fc.constantFrom(1, 2), fc.string({ unit: "binary" }))), (frames) => {
                const raw = Buffer.concat(
                    frames.map(([stream, text]) => {
                        const content = Buffer.from(text);
                        const header = Buffer.alloc(8);
                        header[0] = stream;
                        header.writeUInt32BE(content.length, 4);
                        return Buffer.concat([header, content]);
                    }),
                );
                expect(demultiplex(raw)).to.equal(frames.map(([, text]) => text).join(""));
            }),
        );
    });

    it("finds address ranges that overlap", () => {
        expect(overlap("10.0.0.0/8", "10.1.2.0/24")).to.equal(true);
        expect(overlap("10.1.2.0/24", "10.0.0.0/8")).to.equal(true);
        expect(overlap("10.1.2.0/24", "10.1.3.0/24")).to.equal(false);
        expect(overlap("fd00::/64", "10.0.0.0/8")).to.equal(false);
    });
});
