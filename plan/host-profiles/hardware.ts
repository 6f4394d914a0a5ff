import type { HostProfile } from "./definition";

const MIB_PER_GIB = 1024;
const BYTES_PER_GIB = 1024 ** 3;

/** A disk as every host of a profile has it: without the serial number and the WWN, which are a host's own. */
export interface Disk {
    name: string;
    model: string;
    /** Bytes. */
    size: number;
    rotational: boolean;
    vendor: string;
    by_path: string;
    /** Host, channel, target and LUN; NVMe has none. */
    hctl: string | null;
}

/**
 * What the agents of a profile's hosts report, in the words of ironic-python-agent's inventory, but for what is a
 * host's own.
 */
export interface AgentHardware {
    cpu: {
        model_name: string;
        frequency: string;
        count: number;
        architecture: string;
        flags: string[];
        socket_count: number;
    };
    memory_mib: number;
    disks: Disk[];
    interfaces: { name: string; vendor: string; product: string; speed_mbps: number; has_carrier: boolean }[];
    system_vendor: {
        product_name: string;
        manufacturer: string;
        firmware: { vendor: string; version: string; build_date: string };
    };
}

/** What the BMCs of a profile's hosts say of them. */
export interface BmcHardware {
    manufacturer: string;
    model: string;
    memory_gib: number;
    processors: { model: string; vendor: string; cores: number; threads: number }[];
    bios_version: string;
    bmc_version: string | null;
    bios: Record<string, string> | null;
}

/** Name of the disk `index` of those that have letters: sda to sdz, then sdaa. */
const lettered = (index: number): string =>
    (index < 26 ? "" : String.fromCharCode(96 + Math.floor(index / 26))) + String.fromCharCode(97 + (index % 26));

/** PCI addresses: that of the controller of all disks with letters, and of the first NVMe disk. */
const CONTROLLER = "0000:00:05.0";
const FIRST_NVME_BUS = 0x81;

/** Disks in the order of a profile's list. Disks with letters and NVMe disks are counted apart, as Linux does. */
export function disksOf({ disks }: Pick<HostProfile, "disks">): Disk[] {
    let letters = 0;
    let nvmes = 0;
    return disks.flatMap(({ count, kind, gib, model, vendor }) =>
        Array.from({ length: count }, (): Disk => {
            const what = { model, size: gib * BYTES_PER_GIB, rotational: kind === "hdd", vendor };
            const path = "/dev/disk/by-path/pci-";
            if (kind === "nvme") {
                const number = nvmes++;
                const bus = (FIRST_NVME_BUS + number).toString(16);
                return { name: `/dev/nvme${number}n1`, ...what, by_path: `${path}0000:${bus}:00.0-nvme-1`, hctl: null };
            }
            const number = letters++;
            const at = `0:0:${number}:0`;
            return {
                name: `/dev/sd${lettered(number)}`,
                ...what,
                by_path: `${path}${CONTROLLER}-scsi-${at}`,
                hctl: at,
            };
        }),
    );
}

/** @returns the part of a profile that agents report */
export const agentHardware = (profile: HostProfile): AgentHardware => ({
    cpu: {
        model_name: profile.cpu.model,
        frequency: profile.cpu.mhz.toFixed(4),
        count: profile.cpu.threads,
        architecture: profile.cpu.architecture,
        flags: profile.cpu.flags,
        socket_count: profile.cpu.sockets,
    },
    memory_mib: profile.memoryGib * MIB_PER_GIB,
    disks: disksOf(profile),
    interfaces: profile.nics.map(({ name, vendor, product, gbps, connected }) => ({
        name,
        vendor,
        product,
        speed_mbps: gbps * 1000,
        has_carrier: connected,
    })),
    system_vendor: {
        product_name: profile.model,
        manufacturer: profile.manufacturer,
        firmware: {
            vendor: profile.firmware.vendor,
            version: profile.firmware.version,
            build_date: profile.firmware.date,
        },
    },
});

const processorVendor = (model: string): string =>
    model.startsWith("Intel") ? "Intel(R) Corporation" : (model.split(" ")[0] as string);

/** @returns the part of a profile that BMCs report */
export function bmcHardware({ cpu, manufacturer, model, memoryGib, firmware, bios }: HostProfile): BmcHardware {
    const threads = cpu.threads / cpu.sockets;
    return {
        manufacturer,
        model,
        memory_gib: memoryGib,
        processors: Array.from({ length: cpu.sockets }, () => ({
            model: cpu.model,
            vendor: processorVendor(cpu.model),
            // Two threads a core, where that is possible.
            cores: threads % 2 === 0 ? threads / 2 : threads,
            threads,
        })),
        bios_version: firmware.version,
        bmc_version: firmware.bmc ?? null,
        bios: bios ?? null,
    };
}
