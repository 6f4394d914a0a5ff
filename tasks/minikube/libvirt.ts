import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { XMLSerializer, type Element } from "@xmldom/xmldom";
import { errorText } from "../../lib/error-text";
import { attributeOf, childElements, parseXml } from "../../lib/xml";
import { UserError } from "../../plan/user-error";
import { virsh } from "../../toolchain/virsh";

/** The NIC that a domain is to have. */
interface LibvirtNic {
    /** Connection to libvirt. */
    uri: string;
    /** Name of the network in libvirt. */
    network: string;
    mac: string;
}

/** A NIC of a domain, as libvirt describes it. */
export interface Nic {
    mac: string | undefined;
    /** The libvirt network that it is on. Undefined for other kinds of NICs. */
    network: string | undefined;
    /** Its interface on this machine, which is a port of the network's bridge. Undefined while the domain is off. */
    tap: string | undefined;
    /** The description itself. */
    element: Element;
}

/** Reads the NICs of a domain from its XML (`virsh dumpxml`, https://libvirt.org/formatdomain.html). */
export function parseNics(xml: string): Nic[] {
    const [devices] = childElements(parseXml(xml), "devices");
    return (devices === undefined ? [] : childElements(devices, "interface")).map((element) => {
        const value = (child: string, name: string): string | undefined =>
            attributeOf(childElements(element, child)[0], name);
        return {
            mac: value("mac", "address"),
            network: value("source", "network"),
            tap: value("target", "dev"),
            element,
        };
    });
}

/**
 * Gives a running domain its NIC on the provisioning network, once: libvirt keeps it over restarts, and DHCP there
 * gives its MAC address a fixed address. minikube itself knows no way to give a NIC a MAC address.
 */
export async function attachNic(domain: string, { uri, network, mac }: LibvirtNic): Promise<void> {
    const isThere = async (): Promise<boolean> =>
        parseNics(await virsh(uri, ["dumpxml", domain])).some((nic) => nic.mac === mac);
    if (await isThere()) {
        return;
    }
    const nic = ["--type", "network", "--source", network, "--model", "virtio", "--mac", mac];
    await virsh(uri, ["attach-interface", "--domain", domain, ...nic, "--live", "--config"]);
    if (!(await isThere())) {
        throw new Error(`libvirt has attached no NIC ${mac} to ${domain}, though virsh attach-interface ended well`);
    }
}

/**
 * Plugs the NIC of a running domain into the bridge of its network again. A network that is stopped loses its bridge,
 * and libvirt leaves the NICs of running domains without one when it is started again.
 *
 * libvirt plugs a NIC only where its network changes: the NIC goes to another network of the domain, and at once back.
 * The domain does not notice, and no rights are needed beyond those on libvirt's socket.
 * @returns whether the NIC had no bridge
 */
export async function replugNic(domain: string, bridge: string, { uri, network, mac }: LibvirtNic): Promise<boolean> {
    if (!(await listed(uri, "list", "--name")).includes(domain)) {
        return false;
    }
    const nics = parseNics(await virsh(uri, ["dumpxml", domain]));
    const nic = nics.find((each) => each.mac === mac);
    const isPlugged = (): boolean => existsSync(`/sys/class/net/${bridge}/brif/${nic?.tap}`);
    if (nic?.tap === undefined || isPlugged()) {
        return false;
    }
    const detour = nics.find((each) => each.network !== undefined && each.network !== network)?.network;
    try {
        if (detour === undefined) {
            throw new Error("it has no NIC on another network");
        }
        for (const target of [detour, network]) {
            await moveNic(domain, nic, uri, target);
        }
        if (!isPlugged()) {
            throw new Error(`libvirt has not plugged ${nic.tap} into ${bridge}`);
        }
    } catch (error) {
        throw new UserError(
            `the machine ${domain} has lost libvirt's network ${network}, and is not connected again ` +
                `(${errorText(error)}): stop it with 'minikube stop -p ${domain}', then run 'npm run up'`,
        );
    }
    return true;
}

/** Moves a NIC of a running domain to another network. What libvirt has written down of the domain stays. */
async function moveNic(domain: string, { element }: Nic, uri: string, network: string): Promise<void> {
    const moved = element.cloneNode(true) as Element;
    const [source] = childElements(moved, "source");
    // libvirt has chosen port and bridge for the network that the NIC was on.
    source?.removeAttribute("portid");
    source?.removeAttribute("bridge");
    source?.setAttribute("network", network);
    const folder = await mkdtemp(join(tmpdir(), "m3lab-nic-"));
    try {
        const file = join(folder, "nic.xml");
        await writeFile(file, new XMLSerializer().serializeToString(moved));
        await virsh(uri, ["update-device", domain, file, "--live"]);
    } finally {
        await rm(folder, { recursive: true, force: true });
    }
}

/** Whether libvirt has a network, and whether it is started. */
export type NetworkState = "active" | "inactive" | "absent";

/**
 * Starts the lab's network where somebody has stopped it: the provider looks only whether it is defined.
 * @param uuid tells the lab's network from another one of the same name
 * @returns the state in which the network was found
 * @throws UserError when libvirt does not answer or does not start the network
 */
export async function ensureNetwork(uri: string, uuid: string): Promise<NetworkState> {
    if (!(await listed(uri, "net-list", "--all", "--uuid")).includes(uuid)) {
        return "absent";
    }
    if ((await listed(uri, "net-list", "--uuid")).includes(uuid)) {
        return "active";
    }
    try {
        await virsh(uri, ["net-start", uuid]);
    } catch (error) {
        throw new UserError(`libvirt's network ${uuid} has stopped and does not start: ${errorText(error)}`);
    }
    return "inactive";
}

/** What a command of virsh lists, one a line. */
async function listed(uri: string, ...args: string[]): Promise<string[]> {
    try {
        return (await virsh(uri, args)).split("\n").map((line) => line.trim());
    } catch (error) {
        throw new UserError(`libvirt at ${uri} does not answer: ${errorText(error)}`);
    }
}
