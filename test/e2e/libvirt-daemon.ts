import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitUntil } from "../../lib/wait-until";
import { virsh } from "../../toolchain/virsh";

const MINUTE = 60_000;
export const DAEMON = "/usr/sbin/libvirtd";
/** Writes down what emulated machines print: libvirtd starts none without it. */
const LOG_DAEMON = "/usr/sbin/virtlogd";
const LOG_SOCKET = "/run/libvirt/virtlogd-sock";

/** A network that is not the lab's. */
interface OtherNetwork {
    name: string;
    bridge: string;
    /** The first three bytes of its addresses. */
    octets: string;
}

/** A libvirtd of the tests' own, which no other libvirt of the machine knows of. */
export class LibvirtDaemon {
    private constructor(
        /** Files of the tests, which QEMU's user can read too. */
        readonly folder: string,
        readonly uri: string,
        private readonly processes: ChildProcess[],
    ) {}

    static async start(): Promise<LibvirtDaemon> {
        const folder = await mkdtemp(join(tmpdir(), "libvirt-test-"));
        await chmod(folder, 0o755);
        const configuration = [
            "listen_tls = 0",
            "listen_tcp = 0",
            `unix_sock_dir = "${folder}"`,
            'auth_unix_ro = "none"',
            'auth_unix_rw = "none"',
        ];
        await writeFile(join(folder, "libvirtd.conf"), `${configuration.join("\n")}\n`);
        const begin = (command: string, ...args: string[]): ChildProcess => spawn(command, args, { stdio: "ignore" });
        const processes = [
            ...(existsSync(LOG_SOCKET) ? [] : [begin(LOG_DAEMON, "--pid-file", join(folder, "virtlogd.pid"))]),
            begin(DAEMON, "-f", join(folder, "libvirtd.conf"), "--pid-file", join(folder, "pid")),
        ];
        const daemon = new LibvirtDaemon(folder, `qemu:///system?socket=${folder}/libvirt-sock`, processes);
        await waitUntil({
            what: "libvirtd to answer",
            timeoutMs: MINUTE,
            look: async () => ({ done: await daemon.virsh("uri") }),
        });
        return daemon;
    }

    virsh(...args: string[]): Promise<string> {
        return virsh(this.uri, args);
    }

    /** Defines and starts a network without a way out, with DHCP. */
    makeNetwork({ name, bridge, octets }: OtherNetwork): Promise<void> {
        return this.make(
            "network",
            name,
            `<network>
  <name>${name}</name>
  <bridge name="${bridge}"/>
  <ip address="${octets}.1" netmask="255.255.255.0">
    <dhcp><range start="${octets}.2" end="${octets}.253"/></dhcp>
  </ip>
</network>
`,
        );
    }

    /** Defines and starts a domain. */
    makeDomain(name: string, xml: string): Promise<void> {
        return this.make("domain", name, xml);
    }

    private async make(kind: "network" | "domain", name: string, xml: string): Promise<void> {
        const file = join(this.folder, `${name}.xml`);
        await writeFile(file, xml);
        const prefix = kind === "network" ? "net-" : "";
        await this.virsh(`${prefix}define`, file);
        await this.virsh(`${prefix}start`, name);
    }

    /** Stops and removes a network or a domain, if it is there. */
    async remove(kind: "network" | "domain", name: string): Promise<void> {
        const prefix = kind === "network" ? "net-" : "";
        for (const command of ["destroy", "undefine"]) {
            await this.virsh(`${prefix}${command}`, name).catch(() => undefined);
        }
    }

    async stop(): Promise<void> {
        for (const each of this.processes.reverse()) {
            const ended = new Promise((end) => each.once("exit", end));
            each.kill("SIGTERM");
            await ended;
        }
        await rm(this.folder, { recursive: true, force: true });
    }
}
