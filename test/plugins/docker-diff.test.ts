/** Which changes of Docker's resources are none, which are made in place, and which replace. */
import { expect } from "chai";
import { dockerProvider } from "../../plugins/docker/provider";
import { Harness, Json, UNKNOWN, secret } from "./harness";

const CONTAINER = "docker:index/container:Container";
const NETWORK = "docker:index/network:Network";
const VOLUME = "docker:index/volume:Volume";
const BASE = { name: "c", image: "i" };

describe("docker plugin without a daemon: differences", () => {
    let provider: Harness;
    before(async () => {
        provider = await Harness.start(dockerProvider);
    });
    after(() => provider.stop());

    const updates: [string, Json, Json][] = [
        ["memory", { memory: 64 }, { memory: 128 }],
        ["memory", {}, { memory: 128 }],
        ["cpuShares", { cpuShares: 2 }, { cpuShares: 4 }],
        ["restart", {}, { restart: "always" }],
        ["restart", { restart: "always" }, {}],
        ["mustRun", { mustRun: false }, {}],
        ["wait", {}, { wait: true }],
        ["waitTimeout", {}, { waitTimeout: 5 }],
        ["destroyGraceSeconds", {}, { destroyGraceSeconds: 5 }],
        ["removeVolumes", {}, { removeVolumes: false }],
        ["start", {}, { start: false }],
    ];
    for (const [name, olds, news] of updates) {
        const change = `${name} goes from ${JSON.stringify(olds[name])} to ${JSON.stringify(news[name])}`;
        it(`updates in place when ${change}`, async () => {
            const diff = await provider.diff(
                CONTAINER,
                await provider.checked(CONTAINER, { ...BASE, ...olds }),
                await provider.checked(CONTAINER, { ...BASE, ...news }),
            );
            expect(diff.diffs).to.deep.equal([name]);
            expect(diff.replaces).to.deep.equal([]);
            expect(diff.deleteBeforeReplace).to.equal(false);
        });
    }

    const replacements: [string, Json, Json][] = [
        ["image", { image: "a" }, { image: "b" }],
        ["image", { image: "a" }, { image: UNKNOWN }],
        ["command", { command: ["a"] }, { command: ["b"] }],
        ["command", { command: ["a", "b"] }, { command: ["b", "a"] }],
        ["entrypoints", {}, { entrypoints: ["x"] }],
        ["envs", { envs: ["A=1"] }, { envs: ["A=2"] }],
        ["envs", { envs: ["A=1"] }, { envs: [secret("A=2")] }],
        ["uploads", { uploads: [{ file: "/a", content: "1" }] }, { uploads: [{ file: "/a", content: "2" }] }],
        [
            "uploads",
            { uploads: [{ file: "/a", content: "1" }] },
            { uploads: [{ file: "/a", content: "1", executable: true }] },
        ],
        ["volumes", {}, { volumes: [{ volumeName: "v", containerPath: "/v" }] }],
        ["tmpfs", {}, { tmpfs: { "/run": "" } }],
        [
            "networksAdvanced",
            { networksAdvanced: [{ name: "n" }] },
            { networksAdvanced: [{ name: "n", ipv4Address: "10.0.0.2" }] },
        ],
        ["ports", { ports: [{ internal: 1, external: 2 }] }, { ports: [{ internal: 1, external: 3 }] }],
        ["labels", {}, { labels: [{ label: "a", value: "b" }] }],
        ["capabilities", {}, { capabilities: { adds: ["NET_ADMIN"] } }],
        ["capabilities", { capabilities: { drops: ["ALL"] } }, { capabilities: { drops: ["CAP_SYS_ADMIN"] } }],
        ["securityOpts", {}, { securityOpts: ["seccomp=unconfined"] }],
        ["devices", {}, { devices: [{ hostPath: "/dev/kmsg" }] }],
        ["deviceCgroupRules", {}, { deviceCgroupRules: ["a *:* rwm"] }],
        ["cgroupnsMode", {}, { cgroupnsMode: "private" }],
        ["networkMode", {}, { networkMode: "host" }],
        ["hostname", {}, { hostname: "h" }],
        ["tty", {}, { tty: true }],
        ["init", {}, { init: true }],
        ["stopTimeout", {}, { stopTimeout: 3 }],
        ["shmSize", {}, { shmSize: 8 }],
        ["rm", {}, { rm: true }],
        // Upstream calls these updates, and does nothing.
        ["healthcheck", {}, { healthcheck: { tests: ["CMD", "true"] } }],
        [
            "healthcheck",
            { healthcheck: { tests: ["CMD", "true"] } },
            { healthcheck: { tests: ["CMD", "true"], interval: "5s" } },
        ],
        // There is no way to take a limit off a container that exists.
        ["memory", { memory: 64 }, {}],
    ];
    for (const [name, olds, news] of replacements) {
        const change = `${name} goes from ${JSON.stringify(olds[name])} to ${JSON.stringify(news[name])}`;
        it(`replaces, old one first, when ${change}`, async () => {
            const diff = await provider.diff(
                CONTAINER,
                await provider.checked(CONTAINER, { ...BASE, ...olds }),
                await provider.checked(CONTAINER, { ...BASE, ...news }),
            );
            expect(diff.replaces).to.deep.equal([name]);
            expect(diff.deleteBeforeReplace).to.equal(true);
        });
    }

    it("replaces a renamed container new one first", async () => {
        const diff = await provider.diff(
            CONTAINER,
            await provider.checked(CONTAINER, BASE),
            await provider.checked(CONTAINER, { ...BASE, name: "other" }),
        );
        expect(diff).to.deep.include({ replaces: ["name"], deleteBeforeReplace: false });
    });

    const same: [string, Json, Json][] = [
        [
            "the order of sets",
            {
                envs: ["A=1", "B=2"],
                labels: [
                    { label: "a", value: "1" },
                    { label: "b", value: "2" },
                ],
                securityOpts: ["x", "y"],
            },
            {
                envs: ["B=2", "A=1"],
                labels: [
                    { label: "b", value: "2" },
                    { label: "a", value: "1" },
                ],
                securityOpts: ["y", "x"],
            },
        ],
        [
            "what Docker chose before and is not given now",
            { command: ["a"], hostname: "h", entrypoints: ["e"], stopSignal: "SIGHUP" },
            {},
        ],
        [
            "a port's default address and protocol",
            { ports: [{ internal: 1, external: 2 }] },
            { ports: [{ internal: 1, external: 2, ip: "0.0.0.0", protocol: "tcp" }] },
        ],
        [
            "a secret's mark",
            { uploads: [{ file: "/a", content: "1" }] },
            { uploads: secret([{ file: "/a", content: "1" }]) },
        ],
        [
            "the short and the long name of a capability",
            { capabilities: { adds: ["ALL"], drops: ["SYS_RESOURCE", "CAP_SYS_ADMIN"] } },
            { capabilities: { adds: ["ALL"], drops: ["CAP_SYS_RESOURCE", "SYS_ADMIN"] } },
        ],
        [
            "a default spelled out",
            {},
            { restart: "no", tty: false, mustRun: true, networkMode: "bridge", waitTimeout: 60 },
        ],
    ];
    for (const [what, olds, news] of same) {
        it(`sees no change in ${what}`, async () => {
            const diff = await provider.diff(
                CONTAINER,
                await provider.checked(CONTAINER, { ...BASE, ...olds }),
                await provider.checked(CONTAINER, { ...BASE, ...news }),
            );
            expect(diff).to.deep.include({ changes: "none", diffs: [] });
        });
    }

    it("names the place of a change", async () => {
        const olds = await provider.checked(CONTAINER, {
            ...BASE,
            ports: [{ internal: 1 }, { internal: 2, external: 3 }],
            tmpfs: { "/run": "a" },
        });
        const news = await provider.checked(CONTAINER, {
            ...BASE,
            ports: [{ internal: 1 }, { internal: 2, external: 4 }],
            tmpfs: { "/run": "b" },
        });
        // 5 is UPDATE_REPLACE.
        expect((await provider.diff(CONTAINER, olds, news)).detailed).to.deep.equal({
            "ports[1].external": 5,
            'tmpfs["/run"]': 5,
        });
    });

    it("replaces networks and volumes for any change", async () => {
        const diff = async (token: string, olds: Json, news: Json): Promise<string[]> =>
            (await provider.diff(token, await provider.checked(token, olds), await provider.checked(token, news)))
                .replaces;
        const ipam = (subnet: string): Json => ({ name: "n", ipamConfigs: [{ subnet }] });
        expect(await diff(NETWORK, ipam("10.1.0.0/24"), ipam("10.2.0.0/24"))).to.deep.equal(["ipamConfigs"]);
        expect(await diff(NETWORK, { name: "n" }, { name: "n", internal: true })).to.deep.equal(["internal"]);
        expect(await diff(NETWORK, ipam("10.1.0.0/24"), { name: "n" })).to.deep.equal([]);
        expect(await diff(VOLUME, { name: "v" }, { name: "v", labels: [{ label: "a", value: "b" }] })).to.deep.equal([
            "labels",
        ]);
    });
});
