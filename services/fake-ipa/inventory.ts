import { createHash } from "node:crypto";
import { type Hardware, type HostHardware, type Nic, standardHardware } from "./hardware.js";
import { lldpOf, type Tlv } from "./lldp.js";

export interface Inventory {
    interfaces: {
        name: string;
        mac_address: string;
        ipv4_address: string | null;
        ipv6_address: string | null;
        has_carrier: boolean;
        lldp: Tlv[] | null;
        vendor: string;
        product: string;
        client_id: null;
        biosdevname: null;
        speed_mbps: number;
    }[];
    cpu: Hardware["cpu"];
    memory: { total: number; physical_mb: number };
    disks: (Hardware["disks"][number] & {
        wwn: string;
        serial: string;
        wwn_with_extension: string;
        wwn_vendor_extension: null;
    })[];
    system_vendor: Hardware["system_vendor"] & { serial_number: string };
    boot: { current_boot_mode: "bios" | "uefi"; pxe_interface: string };
    bmc_address: null;
    bmc_v6address: null;
    hostname: string;
}

const MIB = 1024 ** 2;

/**
 * Serial number and WWN of disk `number`. They follow from the host's UUID, because Ironic's root device hints and
 * BMO's hardware details need distinct ones.
 */
function diskIdentity(uuid: string, number: number): { wwn: string; serial: string } {
    const digest = createHash("sha256")
        .update(number === 0 ? uuid : `${uuid}/disk/${number}`)
        .digest("hex");
    return { wwn: `0x5${digest.slice(0, 15)}`, serial: digest.slice(16, 32).toUpperCase() };
}

/**
 * The hardware that a fake host reports, in the form of ironic-python-agent's inventory. A host always reports the
 * same: that of its profile, or what {@link standardHardware} says.
 *
 * Ironic's `validate-interfaces` hook finds no usable interface if the first one has a loopback address. Such an
 * interface is reported without an address, which the hook accepts.
 */
export function inventoryOf(
    system: {
        uuid: string;
        name?: string | undefined;
        nics: readonly Nic[];
        boot_mode?: string | null | undefined;
    },
    { hardware }: { hardware: ReadonlyMap<string, HostHardware> } = { hardware: new Map() },
): Inventory {
    const { profile, nics } = hardware.get(system.uuid) ?? standardHardware(system.nics);
    const { cpu, memory_mib, disks, interfaces, system_vendor } = profile;
    return {
        interfaces: nics.map((nic, index) => {
            const ip = nic.ip && !/^127\.|^::1$/.test(nic.ip) ? nic.ip : null;
            const { name, has_carrier, vendor, product, speed_mbps } = interfaces[index]!;
            return {
                name,
                mac_address: nic.mac.toLowerCase(),
                ipv4_address: ip !== null && !ip.includes(":") ? ip : null,
                ipv6_address: ip?.includes(":") ? ip : null,
                has_carrier,
                lldp: nic.lldp ? lldpOf(nic.lldp) : null,
                vendor,
                product,
                client_id: null,
                biosdevname: null,
                speed_mbps,
            };
        }),
        cpu: {
            model_name: cpu.model_name,
            frequency: cpu.frequency,
            count: cpu.count,
            architecture: cpu.architecture,
            socket_count: cpu.socket_count,
            flags: [...cpu.flags],
        },
        memory: { total: memory_mib * MIB, physical_mb: memory_mib },
        disks: disks.map(({ name, model, size, rotational, vendor, by_path, hctl }, number) => {
            const { wwn, serial } = diskIdentity(system.uuid, number);
            return {
                name,
                model,
                size,
                rotational,
                wwn,
                wwn_with_extension: wwn,
                wwn_vendor_extension: null,
                serial,
                vendor,
                by_path,
                hctl,
            };
        }),
        system_vendor: {
            product_name: system_vendor.product_name,
            serial_number: system.uuid,
            manufacturer: system_vendor.manufacturer,
            firmware: { ...system_vendor.firmware },
        },
        boot: {
            current_boot_mode: /uefi/i.test(system.boot_mode ?? "") ? "uefi" : "bios",
            pxe_interface: system.nics[0]!.mac.toLowerCase(),
        },
        bmc_address: null,
        bmc_v6address: null,
        hostname: system.name ?? system.uuid,
    };
}
