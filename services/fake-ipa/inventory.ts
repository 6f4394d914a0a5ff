import { createHash } from "node:crypto";
import type { Nic } from "./config-reader.js";

export interface Inventory {
    interfaces: {
        name: string;
        mac_address: string;
        ipv4_address: string | null;
        ipv6_address: string | null;
        has_carrier: boolean;
        lldp: null;
        vendor: string;
        product: string;
        client_id: null;
        biosdevname: null;
        speed_mbps: number;
    }[];
    cpu: {
        model_name: string;
        frequency: string;
        count: number;
        architecture: string;
        flags: string[];
        socket_count: number;
    };
    memory: { total: number; physical_mb: number };
    disks: {
        name: string;
        model: string;
        size: number;
        rotational: boolean;
        wwn: string;
        serial: string;
        vendor: string;
        by_path: string;
        wwn_with_extension: string;
        wwn_vendor_extension: null;
        hctl: string;
    }[];
    system_vendor: {
        product_name: string;
        serial_number: string;
        manufacturer: string;
        firmware: { vendor: string; version: string; build_date: string };
    };
    boot: { current_boot_mode: "bios" | "uefi"; pxe_interface: string };
    bmc_address: null;
    bmc_v6address: null;
    hostname: string;
}

const GIB = 1024 ** 3;

/**
 * The hardware that a fake host reports, in the form of ironic-python-agent's inventory. It is the machine of Metal3's
 * development environment: 4 cores, 8 GiB of memory, one disk of 50 GiB. A host always reports the same. Its serial
 * numbers and WWNs follow from its UUID, because Ironic's root device hints and BMO's hardware details need distinct
 * ones.
 *
 * Ironic's `validate-interfaces` hook finds no usable interface if the first one has a loopback address. Such an
 * interface is reported without an address, which the hook accepts.
 */
export function inventoryOf(system: {
    uuid: string;
    name?: string | undefined;
    nics: readonly Nic[];
    boot_mode?: string | null | undefined;
}): Inventory {
    const digest = createHash("sha256").update(system.uuid).digest("hex");
    const wwn = `0x5${digest.slice(0, 15)}`;
    return {
        interfaces: system.nics.map((nic, index) => {
            const ip = nic.ip && !/^127\.|^::1$/.test(nic.ip) ? nic.ip : null;
            return {
                name: `eth${index}`,
                mac_address: nic.mac.toLowerCase(),
                ipv4_address: ip !== null && !ip.includes(":") ? ip : null,
                ipv6_address: ip?.includes(":") ? ip : null,
                has_carrier: true,
                lldp: null,
                vendor: "0x1af4",
                product: "0x0001",
                client_id: null,
                biosdevname: null,
                speed_mbps: 10_000,
            };
        }),
        cpu: {
            model_name: "Fake CPU",
            frequency: "2100.0000",
            count: 4,
            architecture: "x86_64",
            socket_count: 1,
            flags: ["fpu", "mmx", "fxsr", "sse", "sse2", "aes", "vmx", "rdrand"],
        },
        memory: { total: 8 * GIB, physical_mb: 8192 },
        disks: [
            {
                name: "/dev/sda",
                model: "Fake disk",
                size: 50 * GIB,
                rotational: false,
                wwn,
                wwn_with_extension: wwn,
                wwn_vendor_extension: null,
                serial: digest.slice(16, 32).toUpperCase(),
                vendor: "Metal3",
                by_path: "/dev/disk/by-path/pci-0000:00:05.0-scsi-0:0:0:0",
                hctl: "0:0:0:0",
            },
        ],
        system_vendor: {
            product_name: "Fake host",
            serial_number: system.uuid,
            manufacturer: "Metal3 scale lab",
            firmware: { vendor: "Fake firmware", version: "1.0", build_date: "01/01/2024" },
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
