import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { refreshMissing } from "../../cli/recovery/refresh";
import type { StackState } from "../../cli/recovery/state";
import { waitUntil } from "../../lib/wait-until";
import { libvirtNetworkPlan } from "../../plan/libvirt-network";
import { aptInstall, aptUsable } from "../../toolchain/docker/apt";
import { repoPath } from "../../toolchain/paths";
import { Progress } from "../../toolchain/progress";
import { Toolchain } from "../../toolchain/toolchain";
import { Project } from "../plugins/machine-pulumi";
import { skipBecause } from "../skip";
import { run } from "./harness";

const MINUTE = 60_000;
const ROOT = resolve(__dirname, "../..");
const DAEMON = "/usr/sbin/libvirtd";
const PACKAGES = ["libvirt-daemon-system", "libvirt-daemon-driver-qemu", "libvirt-clients", "dnsmasq-base", "xsltproc"];
const RANGE = "192.168.251.0/24";
const planned = libvirtNetworkPlan("libvirt-test", "m3lab-test", RANGE, "m3lab-libvirt-test");

/** Another network of the machine, which must never change. */
const FOREIGN = `<network>
  <name>m3lab-foreign</name>
  <bridge name="m3foreign"/>
  <ip address="192.168.252.1" netmask="255.255.255.0"/>
</network>
`;

/** The network as the lab has it, and the Docker network that shares its bridge. */
const program = (uri: string): string => `
require("tsx/cjs");
const pulumi = require("@pulumi/pulumi"), docker = require("@pulumi/docker");
const { LibvirtNetwork } = require(${JSON.stringify(join(ROOT, "components/substrate/minikube/libvirt-network"))});
const network = new LibvirtNetwork("provisioning", { network: ${JSON.stringify(planned)}, libvirtUri: "${uri}" });
new docker.Network("docker", {
    name: "m3lab-libvirt-test",
    ipamConfigs: [{ subnet: "${RANGE}", gateway: "${planned.gateway}" }],
    options: { "com.docker.network.bridge.name": network.bridge },
});
`;

describe("The provisioning network in a real libvirt", function () {
    this.timeout(10 * MINUTE);
    this.bail(true);
    let folder: string;
    let daemon: ChildProcess | undefined;
    let project: Project | undefined;
    let uri: string;
    let foreign: string;

    const virsh = async (...args: string[]): Promise<string> => {
        const { code, output } = await run("virsh", ["--connect", uri, ...args], { quiet: true });
        expect(code, `virsh ${args.join(" ")}: ${output}`).to.equal(0);
        return output;
    };
    const isActive = async (): Promise<boolean> => /^Active:\s+yes$/m.test(await virsh("net-info", planned.name));
    const up = (): Promise<string> => (project as Project).must("up", "--yes", "--skip-preview");
    const refresh = async (): Promise<string[]> => {
        const said: string[] = [];
        const state = JSON.parse(await (project as Project).must("stack", "export")) as StackState;
        await refreshMissing(
            "libvirt-test",
            state.deployment?.resources ?? [],
            (text) => said.push(text),
            async (args) => {
                const own = args.map((arg, index) => (args[index - 1] === "--stack" ? "test" : arg));
                return (await (project as Project).pulumi(...own)).code;
            },
        );
        return said;
    };

    before(async function () {
        if (!existsSync(DAEMON) || !existsSync("/usr/bin/xsltproc")) {
            if (!(await aptUsable())) {
                skipBecause(this, "libvirt is not installed, and only root on Debian or Ubuntu can install it here");
            }
            // A failure is one of the tests: a machine that can install packages has no reason to leave them out.
            await aptInstall(PACKAGES, { log: repoPath(".lab", "test", "libvirt-apt.log") });
        }
        // A daemon of the tests' own, which no other libvirt of the machine knows of.
        folder = await mkdtemp(join(tmpdir(), "libvirt-test-"));
        const configuration = [
            "listen_tls = 0",
            "listen_tcp = 0",
            `unix_sock_dir = "${folder}"`,
            'auth_unix_ro = "none"',
            'auth_unix_rw = "none"',
        ];
        await writeFile(join(folder, "libvirtd.conf"), `${configuration.join("\n")}\n`);
        await writeFile(join(folder, "foreign.xml"), FOREIGN);
        daemon = spawn(DAEMON, ["-f", join(folder, "libvirtd.conf"), "--pid-file", join(folder, "pid")], {
            stdio: "ignore",
        });
        uri = `qemu:///system?socket=${folder}/libvirt-sock`;
        await waitUntil({
            what: "libvirtd to answer",
            timeoutMs: MINUTE,
            look: async () => ({ done: await virsh("uri") }),
        });
        await virsh("net-define", join(folder, "foreign.xml"));
        await virsh("net-start", "m3lab-foreign");
        foreign = await virsh("net-dumpxml", "m3lab-foreign");
        const plugin = await new Toolchain(new Progress()).binary("pulumi-resource-libvirt");
        project = await Project.create(program(uri));
        await project.must("plugin", "install", "resource", "libvirt", "0.5.4", "--file", plugin);
    });

    after(async () => {
        await project?.pulumi("destroy", "--yes", "--skip-preview");
        await project?.remove();
        if (daemon !== undefined) {
            for (const name of [planned.name, "m3lab-foreign"]) {
                await run("virsh", ["--connect", uri, "net-destroy", name], { quiet: true });
                await run("virsh", ["--connect", uri, "net-undefine", name], { quiet: true });
            }
            const ended = new Promise((end) => daemon?.once("exit", end));
            daemon.kill("SIGTERM");
            await ended;
            await rm(folder, { recursive: true, force: true });
        }
    });

    afterEach(async () => expect(await virsh("net-dumpxml", "m3lab-foreign")).to.equal(foreign));

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
        const { output } = await run("docker", ["network", "inspect", "m3lab-libvirt-test"], { quiet: true });
        expect(output).to.include(`"com.docker.network.bridge.name": "${planned.bridge}"`);
        await (project as Project).must("up", "--yes", "--skip-preview", "--expect-no-changes");
        expect(await refresh()).to.deep.equal([]);
    });

    it("is started by the next up where somebody has stopped it", async () => {
        await virsh("net-destroy", planned.name);
        expect(await isActive()).to.equal(false);
        expect(await up()).to.include(`started libvirt's network ${planned.name}`);
        expect(await isActive()).to.equal(true);
    });

    it("starts with the machine again where somebody has switched that off", async () => {
        await virsh("net-autostart", planned.name, "--disable");
        await (project as Project).must("refresh", "--yes", "--skip-preview");
        await up();
        expect(await virsh("net-info", planned.name)).to.match(/^Autostart:\s+yes$/m);
    });

    it("is made anew where somebody has removed it, which up alone says and refuses", async () => {
        await virsh("net-destroy", planned.name);
        await virsh("net-undefine", planned.name);
        const { code, output } = await (project as Project).pulumi("up", "--yes", "--skip-preview");
        expect(code).to.not.equal(0);
        expect(output).to.include(`has no network ${planned.name} any more`);
        expect(await refresh()).to.deep.equal(["gone from this machine, and forgotten: provisioning"]);
        await up();
        expect(await isActive()).to.equal(true);
    });

    it("is destroyed without a trace, also where somebody has removed it before", async () => {
        await virsh("net-destroy", planned.name);
        await virsh("net-undefine", planned.name);
        await refresh();
        await (project as Project).must("destroy", "--yes", "--skip-preview");
        expect(await virsh("net-list", "--all", "--name")).to.not.include(planned.name);
        const { output } = await run("docker", ["network", "ls", "--format", "{{.Name}}"], { quiet: true });
        expect(output).to.not.include("m3lab-libvirt-test");
        expect(existsSync(`/sys/class/net/${planned.bridge}`)).to.equal(false);
    });
});
