import { hostAddress } from "./addresses";
import type { HostProfile } from "./host-profiles/definition";
import { hostMac, switchMac } from "./identities";

/** The port of a switch that a NIC is connected to, as the switch announces it by LLDP. */
export interface SwitchPort {
    /** Chassis id: the MAC address of the switch. */
    chassis: string;
    /** Name of the switch. */
    system: string;
    port: string;
    /** Untagged VLAN. */
    vlan?: number;
}

/** A NIC of a host as sushy-tools and fake-ipa have it. */
export interface Nic {
    mac: string;
    /** Empty: it has none. */
    ip: string;
    lldp?: SwitchPort;
}

/** Hosts in a rack, which has switches of its own. Each host is at the port of its place in the rack. */
export const HOSTS_PER_RACK = 40;

/**
 * The NICs of host `index`, in the order of its profile. It boots from the first, and has an address there alone.
 * @param seed the stack's name, by which MAC addresses of labs differ
 */
export function nicsOf(profile: HostProfile, seed: string, index: number): Nic[] {
    const rack = Math.floor(index / HOSTS_PER_RACK);
    const place = (index % HOSTS_PER_RACK) + 1;
    const used = new Map<string, number>();
    return profile.nics.map((nic, number) => {
        const base = { mac: hostMac(seed, index, number), ip: number === 0 ? hostAddress(index) : "" };
        if (nic.switch === undefined) {
            return base;
        }
        // A second NIC at the same switch is connected to its second line card.
        const card = (used.get(nic.switch) ?? 0) + 1;
        used.set(nic.switch, card);
        const lldp: SwitchPort = {
            chassis: switchMac(seed, rack, nic.switch),
            system: `leaf-${String(rack).padStart(3, "0")}${nic.switch}`,
            port: `Ethernet${card}/${place}`,
            ...(nic.vlan === undefined ? {} : { vlan: nic.vlan }),
        };
        return { ...base, lldp };
    });
}
