import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { look, run } from "../../toolchain/run";

const LIMIT_MS = 120_000;
/** Debian's smallest kernel, with drivers for virtual machines alone. */
const KERNEL = "linux-image-cloud-amd64";
/** The drivers of a virtio network card, in the order in which they need each other. */
const MODULES = [
    "drivers/virtio/virtio_ring.ko",
    "drivers/virtio/virtio.ko",
    "drivers/virtio/virtio_pci_modern_dev.ko",
    "drivers/virtio/virtio_pci_legacy_dev.ko",
    "drivers/virtio/virtio_pci.ko",
    "net/core/failover.ko",
    "drivers/net/net_failover.ko",
    "drivers/net/virtio_net.ko",
];

/** The first program: it asks for an address on each NIC, also on one that is plugged in later, and serves HTTP. */
const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in ${MODULES.map((path) => basename(path)).join(" ")}; do
    insmod "/lib/$module"
done
httpd -h /www
while true; do
    for path in /sys/class/net/eth*; do
        nic="\${path##*/}"
        if [ -e "$path" ] && [ ! -e "/tmp/$nic" ]; then
            touch "/tmp/$nic"
            ifconfig "$nic" up
            udhcpc -i "$nic" -s /lease -b -t 20 -T 1 &
        fi
    done
    sleep 1
done
`;

const LEASE = `#!/bin/sh
if [ "$1" = bound ]; then
    ifconfig "$interface" "$ip" netmask "$subnet"
fi
`;

/** Answers what the address in the query answers: one request goes to the machine, and from it to somebody else. */
const FETCH = `#!/bin/sh
echo "Content-Type: text/plain"
echo
timeout 5 wget -q -O - "http://$QUERY_STRING/"
`;

/** What an emulated machine boots. */
export interface Boot {
    kernel: string;
    initrd: string;
}

/** busybox as one file without libraries, as Debian's package busybox-static has it. */
export const BUSYBOX = ["/usr/bin/busybox", "/bin/busybox"].find((path) => existsSync(path)) ?? "/usr/bin/busybox";

/** Whether Debian's kernel can be had from the package sources of this machine. */
export async function isKernelThere(): Promise<boolean> {
    return process.arch === "x64" && ((await look("apt-cache", ["depends", KERNEL])) ?? "").includes("linux-image-");
}

/** Makes a small system that answers HTTP requests, out of Debian's kernel and this machine's busybox. */
export async function makeBoot(folder: string, log: string): Promise<Boot> {
    const sh = (script: string, cwd: string, ...args: string[]): Promise<string> =>
        run("bash", ["-euo", "pipefail", "-c", script, "bash", ...args], { cwd, log, timeoutMs: LIMIT_MS });
    const work = join(folder, "kernel");
    await mkdir(work);
    // Not installed: this machine's own boot loader and initial ramdisk are none of the tests' business.
    await sh(
        `name=$(apt-cache depends ${KERNEL} | sed -n 's/.*Depends: \\(linux-image-[^ ]*\\).*/\\1/p' | head -n 1)
        apt-get download "$name"
        dpkg-deb --extract linux-image-*.deb .`,
        work,
    );
    const root = join(folder, "root");
    for (const directory of ["bin", "dev", "lib", "proc", "sys", "tmp", "www/cgi-bin"]) {
        await mkdir(join(root, directory), { recursive: true });
    }
    const [version = ""] = await readdir(join(work, "lib/modules"));
    for (const path of MODULES) {
        await copyFile(join(work, "lib/modules", version, "kernel", path), join(root, "lib", basename(path)));
    }
    await copyFile(BUSYBOX, join(root, "bin/busybox"));
    await writeFile(join(root, "www/index.html"), "machine\n");
    for (const [path, text] of Object.entries({ init: INIT, lease: LEASE, "www/cgi-bin/fetch": FETCH })) {
        await writeFile(join(root, path), text);
        await chmod(join(root, path), 0o755);
    }
    const boot = { kernel: join(folder, "vmlinuz"), initrd: join(folder, "initrd.gz") };
    await copyFile(join(work, "boot", `vmlinuz-${version}`), boot.kernel);
    await sh('find . | "$1" cpio -o -H newc | gzip > "$2"', root, BUSYBOX, boot.initrd);
    await chmod(boot.kernel, 0o644);
    return boot;
}

/**
 * A domain as minikube 1.38.1's driver kvm2 defines it (pkg/drivers/kvm/domain_definition_x86.go), emulated, smaller,
 * and without what only KVM has: the host's processor and minikube's ISO.
 * @param privateNetwork minikube's network for the profile
 * @param defaultNetwork what stands in for libvirt's network `default`
 * @param boot undefined: the machine's firmware finds nothing to boot
 */
export function domainXml(
    name: string,
    [privateNetwork, defaultNetwork]: [string, string],
    disk: string,
    boot?: Boot,
): string {
    const os =
        boot === undefined
            ? "<boot dev='hd'/>"
            : `<kernel>${boot.kernel}</kernel>
    <initrd>${boot.initrd}</initrd>
    <cmdline>console=ttyS0 quiet</cmdline>`;
    return `<domain type='qemu'>
  <name>${name}</name>
  <memory unit='MiB'>128</memory>
  <vcpu>1</vcpu>
  <features>
    <acpi/>
    <apic/>
    <pae/>
  </features>
  <os>
    <type arch='x86_64'>hvm</type>
    ${os}
    <bootmenu enable='no'/>
  </os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw' cache='default' io='threads'/>
      <source file='${disk}'/>
      <target dev='hda' bus='virtio'/>
    </disk>
    <interface type='network'>
      <source network='${privateNetwork}'/>
      <model type='virtio'/>
    </interface>
    <interface type='network'>
      <source network='${defaultNetwork}'/>
      <model type='virtio'/>
    </interface>
    <serial type='pty'>
      <target port='0'/>
    </serial>
    <console type='pty'>
      <target type='serial' port='0'/>
    </console>
    <rng model='virtio'>
      <backend model='random'>/dev/random</backend>
    </rng>
  </devices>
</domain>
`;
}

/** What a domain's XML says of the NIC with a MAC address. Empty where it has none. */
export function nicOf(xml: string, mac: string): string {
    const [nic] = new RegExp(`<mac address='${mac}'/>.*?</interface>`, "s").exec(xml) ?? [];
    return nic ?? "";
}
