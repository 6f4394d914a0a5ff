import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { refreshMissing } from "../../cli/recovery/refresh";
import type { StackState } from "../../cli/recovery/state";
import { waitUntil } from "../../lib/wait-until";
import { libvirtNetworkPlan } from "../../plan/libvirt-network";
import { attachNic } from "../../tasks/minikube/libvirt";
import { aptInstall, aptUsable } from "../../toolchain/docker/apt";
import { repoPath } from "../../toolchain/paths";
import { Progress } from "../../toolchain/progress";
import { Toolchain } from "../../toolchain/toolchain";
import { Project } from "../plugins/machine-pulumi";
import { notThere, skipBecause } from "../skip";
import { run } from "./harness";
import { BridgeContainer } from "./libvirt-container";
import { DAEMON, LibvirtDaemon } from "./libvirt-daemon";
import { BUSYBOX, domainXml, isKernelThere, makeBoot, nicOf } from "./libvirt-machine";

const MINUTE = 60_000;
const ROOT = resolve(__dirname, "../..");
const LOG = repoPath(".lab", "test", "libvirt-apt.log");
const PACKAGES = ["libvirt-daemon-system", "libvirt-daemon-driver-qemu", "libvirt-clients", "dnsmasq-base", "xsltproc"];
const EMULATOR = "/usr/bin/qemu-system-x86_64";
const EMULATOR_PACKAGES = ["qemu-system-x86", "busybox-static"];
const RANGE = "192.168.251.0/24";
const PROFILE = "m3lab-libvirt-test";
/** The container beside the machine. */
const PAIR = `${PROFILE}-pair`;
const planned = libvirtNetworkPlan("libvirt-test", "m3lab-test", RANGE, PROFILE);

/** Another network of the machine, which must never change. */
const FOREIGN = { name: "m3lab-foreign", bridge: "m3foreign", octets: "192.168.252" };
/** The networks of the domain that minikube makes: the profile's own, and one in the place of `default`. */
const MINIKUBES = [
    { name: `mk-${PROFILE}`, bridge: "m3private", octets: "192.168.253" },
    { name: `${PROFILE}-default`, bridge: "m3default", octets: "192.168.254" },
] as const;

/** The network as the lab has it, and the Docker network that shares its bridge. */
const program = (uri: string): string => `
require("tsx/cjs");
const pulumi = require("@pulumi/pulumi"), docker = require("@pulumi/docker");
const { LibvirtNetwork } = require(${JSON.stringify(join(ROOT, "components/substrate/minikube/libvirt-network"))});
const network = new LibvirtNetwork("provisioning", {
    network: ${JSON.stringify(planned)},
    libvirtUri: "${uri}",
    dockerNetwork: "${PROFILE}",
});
new docker.Network("docker", {
    name: "${PROFILE}",
    ipamConfigs: [{ subnet: "${RANGE}", gateway: "${planned.gateway}" }],
    options: { "com.docker.network.bridge.name": network.bridge },
});
`;

describe("The provisioning network in a real libvirt", function () {
    this.timeout(10 * MINUTE);
    this.bail(true);
    let daemon: LibvirtDaemon;
    let project: Project;
    let foreign: string;
    const container = new BridgeContainer(PAIR, PROFILE, "192.168.251.20");
    let hasContainer = false;
    /** The machine as the tests have it: none, one that boots nothing, or one with a system that answers. */
    let machine: "none" | "empty" | "booted" = "none";

    const virsh = (...args: string[]): Promise<string> => daemon.virsh(...args);
    const isActive = async (): Promise<boolean> => (await virsh("net-list", "--uuid")).includes(planned.uuid);
    const up = (): Promise<string> => project.must("up", "--yes", "--skip-preview");
    const refresh = async (): Promise<string[]> => {
        const said: string[] = [];
        const { deployment } = JSON.parse(await project.must("stack", "export")) as StackState;
        const pulumi = async (args: readonly string[]): Promise<number> => {
            const own = args.map((arg, index) => (args[index - 1] === "--stack" ? "test" : arg));
            return (await project.pulumi(...own)).code;
        };
        await refreshMissing("libvirt-test", deployment?.resources ?? [], (text) => said.push(text), pulumi);
        return said;
    };
    const expectAnswer = async (what: string, ask: () => Promise<string>): Promise<void> => {
        const answer = await waitUntil({ what, timeoutMs: MINUTE, look: async () => ({ done: await ask() }) });
        expect(answer).to.equal("container");
    };

    /** Whatever was on the network before is on it: the container, the machine's NIC, the way between both. */
    async function expectConnected(): Promise<void> {
        if (hasContainer) {
            await expectAnswer("the container's answer", () => container.answer());
        }
        if (machine !== "none") {
            const [, tap = ""] =
                /<target dev='(vnet\d+)'/.exec(nicOf(await virsh("dumpxml", PROFILE), planned.node.mac)) ?? [];
            expect(await readdir(`/sys/class/net/${planned.bridge}/brif`)).to.include(tap);
        }
        if (hasContainer && machine === "booted") {
            // The machine asks the container, and answers it what the container has answered.
            const url = `http://${planned.node.address}/cgi-bin/fetch?${container.address}`;
            await expectAnswer("the container's answer by way of the machine", () => container.ask(url));
        }
    }

    before(async function () {
        const missing = [DAEMON, "/usr/bin/xsltproc", EMULATOR, BUSYBOX].filter((path) => !existsSync(path));
        if (missing.length > 0 && (await aptUsable())) {
            // A failure is one of the tests: a machine that can install packages has no reason to leave them out.
            await aptInstall([...PACKAGES, ...EMULATOR_PACKAGES], { log: LOG });
        } else if (missing.includes(DAEMON) || missing.includes("/usr/bin/xsltproc")) {
            notThere(this, "libvirt", "it is not installed, and only root on Debian or Ubuntu can install it here");
        }
        daemon = await LibvirtDaemon.start();
        await daemon.makeNetwork(FOREIGN);
        foreign = await virsh("net-dumpxml", FOREIGN.name);
        const plugin = await new Toolchain(new Progress()).binary("pulumi-resource-libvirt");
        project = await Project.create(program(daemon.uri));
        await project.must("plugin", "install", "resource", "libvirt", "0.5.4", "--file", plugin);
    });

    after(async () => {
        await container.remove().catch(() => undefined);
        await (project as Project | undefined)?.pulumi("destroy", "--yes", "--skip-preview");
        await (project as Project | undefined)?.remove();
        if ((daemon as LibvirtDaemon | undefined) !== undefined) {
            await daemon.remove("domain", PROFILE);
            for (const { name } of [planned, FOREIGN, ...MINIKUBES]) {
                await daemon.remove("network", name);
            }
            await daemon.stop();
        }
    });

    afterEach(async () => expect(await virsh("net-dumpxml", FOREIGN.name)).to.equal(foreign));

    it("is made with its UUID, bridge, leases, and the machine's fixed MAC address and address", async () => {
        await up();
        const xml = await virsh("net-dumpxml", planned.name);
        expect(xml)
            .to.include(`<uuid>${planned.uuid}</uuid>`)
            .and.include(`bridge name='${planned.bridge}'`)
            .and.include(`<host mac='${planned.node.mac}' name='${planned.node.name}' ip='${planned.node.address}'/>`)
            .and.include("<range start='192.168.251.2' end='192.168.251.15'/>");
        expect(await isActive()).to.equal(true);
        expect(await virsh("net-info", planned.name)).to.match(/^Autostart:\s+yes$/m);
    });

    it("shares its bridge with Docker, and stays as it is when nothing changes", async () => {
        const { output } = await run("docker", ["network", "inspect", PROFILE], { quiet: true });
        expect(output).to.include(`"com.docker.network.bridge.name": "${planned.bridge}"`);
        await project.must("up", "--yes", "--skip-preview", "--expect-no-changes");
        expect(await refresh()).to.deep.equal([]);
    });

    it("connects a container at its address", async function () {
        if (!existsSync(BUSYBOX)) {
            skipBecause(this, "busybox, the container's only program, is not installed");
        }
        await container.start(daemon.folder);
        hasContainer = true;
        await expectConnected();
    });

    it("gives a machine such as minikube's one NIC with the fixed MAC address, for restarts too", async function () {
        if (!existsSync(EMULATOR)) {
            notThere(this, "an emulated machine", "QEMU is not installed, and only root can install it by apt");
        }
        const boot = (await isKernelThere()) ? await makeBoot(daemon.folder, LOG) : undefined;
        for (const network of MINIKUBES) {
            await daemon.makeNetwork(network);
        }
        const disk = join(daemon.folder, "disk.raw");
        await writeFile(disk, Buffer.alloc(1024 * 1024));
        await daemon.makeDomain(PROFILE, domainXml(PROFILE, [MINIKUBES[0].name, MINIKUBES[1].name], disk, boot));
        const nic = { uri: daemon.uri, network: planned.name, mac: planned.node.mac };
        await attachNic(PROFILE, nic);
        await attachNic(PROFILE, nic);
        machine = boot === undefined ? "empty" : "booted";
        const live = await virsh("dumpxml", PROFILE);
        const written = await virsh("dumpxml", "--inactive", PROFILE);
        for (const xml of [live, written]) {
            const networks = [...xml.matchAll(/<source network='([^']+)'/g)].map(([, name]) => name);
            expect(networks).to.deep.equal([...MINIKUBES.map(({ name }) => name), planned.name]);
            expect(nicOf(xml, nic.mac)).to.include("<model type='virtio'/>");
        }
        expect(nicOf(written, nic.mac)).to.include(`<source network='${planned.name}'/>`);
        expect(nicOf(live, nic.mac)).to.match(
            new RegExp(`<source network='${planned.name}' .*bridge='${planned.bridge}'/>`),
        );
        const { mac, name, address } = planned.node;
        const reservation = `<host mac='${mac}' name='${name}' ip='${address}'/>`;
        expect(await virsh("net-dumpxml", planned.name)).to.include(reservation);
    });

    it("leases the machine its address, over which it and the container reach each other", async function () {
        if (machine !== "booted") {
            notThere(this, "an emulated machine", "it takes QEMU, and Debian's kernel from apt");
        }
        await expectConnected();
        const leases = await virsh("net-dhcp-leases", planned.name, "--mac", planned.node.mac);
        expect(leases).to.include(`${planned.node.address}/24`);
    });

    it("is started by the next up where somebody has stopped it, with all that was on it", async () => {
        await virsh("net-destroy", planned.name);
        expect(await isActive()).to.equal(false);
        const said = await up();
        expect(said).to.include(`started libvirt's network ${planned.name}`);
        expect(await isActive()).to.equal(true);
        await expectConnected();
        const machines = machine === "none" ? [] : [`the machine ${PROFILE}`];
        for (const cutOff of [...machines, ...(hasContainer ? [PAIR] : [])]) {
            expect(said).to.match(new RegExp(`connected again with .*${cutOff}`));
        }
        expect(await up()).to.not.include("connected again");
    });

    it("starts with the machine again where somebody has switched that off", async () => {
        await virsh("net-autostart", planned.name, "--disable");
        await project.must("refresh", "--yes", "--skip-preview");
        await up();
        expect(await virsh("net-info", planned.name)).to.match(/^Autostart:\s+yes$/m);
    });

    it("is made anew where somebody has removed it, which up alone says and refuses", async () => {
        await virsh("net-destroy", planned.name);
        await virsh("net-undefine", planned.name);
        const { code, output } = await project.pulumi("up", "--yes", "--skip-preview");
        expect(code).to.not.equal(0);
        expect(output).to.include(`has no network ${planned.name} any more`);
        expect(await refresh()).to.deep.equal(["gone from this machine, and forgotten: provisioning"]);
        await up();
        expect(await isActive()).to.equal(true);
        await expectConnected();
    });

    it("is destroyed without a trace, also where somebody has removed it before", async () => {
        await daemon.remove("domain", PROFILE);
        if (hasContainer) {
            await container.remove();
        }
        await virsh("net-destroy", planned.name);
        await virsh("net-undefine", planned.name);
        await refresh();
        await project.must("destroy", "--yes", "--skip-preview");
        expect(await virsh("net-list", "--all", "--name")).to.not.include(planned.name);
        const { output } = await run("docker", ["network", "ls", "--format", "{{.Name}}"], { quiet: true });
        expect(output).to.not.include(PROFILE);
        expect(existsSync(`/sys/class/net/${planned.bridge}`)).to.equal(false);
    });
});
