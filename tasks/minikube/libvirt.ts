import { UserError } from "../../plan/user-error";
import { failureText, look, run } from "../../toolchain/run";

/** Longest `virsh` command, milliseconds. */
const LIMIT_MS = 60_000;

/** The NIC that a domain is to have. */
interface LibvirtNic {
    /** Connection to libvirt. */
    uri: string;
    /** Name of the network in libvirt. */
    network: string;
    mac: string;
}

/** A NIC of a domain, as `virsh domiflist` lists it. */
export interface Nic {
    source: string;
    mac: string;
}

/** Reads the table of `virsh domiflist DOMAIN`: interface, type, source, model, MAC address. */
export function parseNics(text: string): Nic[] {
    return text.split("\n").flatMap((line) => {
        const [, , source, , mac] = line.trim().split(/\s+/);
        return source !== undefined && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac ?? "")
            ? [{ source, mac: mac as string }]
            : [];
    });
}

/**
 * Gives a running domain its NIC on the provisioning network, once: libvirt keeps it over restarts, and DHCP there
 * gives its MAC address a fixed address. minikube itself knows no way to give a NIC a MAC address.
 */
export async function attachNic(domain: string, { uri, network, mac }: LibvirtNic): Promise<void> {
    const virsh = (...args: string[]): Promise<string> =>
        run("virsh", ["--connect", uri, ...args], { timeoutMs: LIMIT_MS });
    const nics = parseNics(await virsh("domiflist", domain));
    if (nics.some((nic) => nic.mac === mac)) {
        return;
    }
    const nic = ["--type", "network", "--source", network, "--model", "virtio", "--mac", mac];
    await virsh("attach-interface", "--domain", domain, ...nic, "--live", "--config");
    const after = (await look("virsh", ["--connect", uri, "domiflist", domain])) ?? "";
    if (!parseNics(after).some((each) => each.mac === mac)) {
        throw new Error(`libvirt has attached no NIC ${mac} to ${domain}: virsh domiflist ${domain} shows ${after}`);
    }
}

/** Whether libvirt has a network, and whether it is started. */
export type NetworkState = "active" | "inactive" | "absent";

/** Reads what `virsh net-info` prints in English. @param text undefined: libvirt has no such network */
export function networkState(text: string | undefined): NetworkState {
    if (text === undefined) {
        return "absent";
    }
    return /^Active:\s+yes$/m.test(text) ? "active" : "inactive";
}

/**
 * Starts the lab's network where somebody has stopped it: the provider looks only whether it is defined.
 * @param uuid tells the lab's network from another one of the same name
 * @returns the state in which the network was found
 */
export async function ensureNetwork(uri: string, uuid: string): Promise<NetworkState> {
    const env = { LC_ALL: "C" };
    const info = await look("virsh", ["--connect", uri, "net-info", uuid], { env });
    const state = networkState(info);
    if (state === "inactive") {
        try {
            await run("virsh", ["--connect", uri, "net-start", uuid], { timeoutMs: LIMIT_MS, env });
        } catch (error) {
            throw new UserError(`libvirt's network ${uuid} has stopped and does not start: ${failureText(error)}`);
        }
    }
    return state;
}
