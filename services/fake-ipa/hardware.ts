import { z } from "zod";
import type { SwitchPort } from "./lldp.js";

/** A network interface of a fake host, from sushy-tools' list of systems. */
export interface Nic {
    mac: string;
    ip?: string | null | undefined;
    /** The switch's port that it is connected to. */
    lldp?: SwitchPort | undefined;
}

/**
 * What all hosts of one profile have in common, from the key FAKE_IPA_HARDWARE. Names and units are those of
 * ironic-python-agent's inventory. What is a host's own (serial numbers, WWNs, MAC addresses) is not in it.
 */
export const hardwareSchema = z.object({
    cpu: z.object({
        model_name: z.string(),
        frequency: z.string(),
        count: z.number().int().positive(),
        architecture: z.string(),
        flags: z.string().array(),
        socket_count: z.number().int().positive(),
    }),
    memory_mib: z.number().int().positive(),
    disks: z
        .object({
            name: z.string().regex(/^\/dev\//),
            model: z.string(),
            size: z.number().int().positive(),
            rotational: z.boolean(),
            vendor: z.string(),
            by_path: z.string(),
            hctl: z.string().nullable(),
        })
        .array()
        .min(1),
    interfaces: z
        .object({
            name: z.string(),
            vendor: z.string(),
            product: z.string(),
            speed_mbps: z.number().int().positive(),
            has_carrier: z.boolean(),
        })
        .array()
        .min(1),
    system_vendor: z.object({
        product_name: z.string(),
        manufacturer: z.string(),
        firmware: z.object({ vendor: z.string(), version: z.string(), build_date: z.string() }),
    }),
});

export type Hardware = z.infer<typeof hardwareSchema>;

/** The hardware of one host: its profile's, and its NICs, of which sushy-tools may remember older ones. */
export interface HostHardware {
    profile: Hardware;
    nics: readonly Nic[];
}

const GIB = 1024 ** 3;

/** A network interface of a host without a profile. */
const INTERFACE = { vendor: "0x1af4", product: "0x0001", speed_mbps: 10_000, has_carrier: true };

/**
 * The hardware of a host that the configuration names no profile for: the machine of Metal3's development environment,
 * with 4 cores, 8 GiB of memory and one disk of 50 GiB.
 */
export const standardHardware = (nics: readonly Nic[]): HostHardware => ({
    nics,
    profile: {
        cpu: {
            model_name: "Fake CPU",
            frequency: "2100.0000",
            count: 4,
            architecture: "x86_64",
            socket_count: 1,
            flags: ["fpu", "mmx", "fxsr", "sse", "sse2", "aes", "vmx", "rdrand"],
        },
        memory_mib: 8192,
        disks: [
            {
                name: "/dev/sda",
                model: "Fake disk",
                size: 50 * GIB,
                rotational: false,
                vendor: "Metal3",
                by_path: "/dev/disk/by-path/pci-0000:00:05.0-scsi-0:0:0:0",
                hctl: "0:0:0:0",
            },
        ],
        interfaces: nics.map((_, index) => ({ name: `eth${index}`, ...INTERFACE })),
        system_vendor: {
            product_name: "Fake host",
            manufacturer: "Metal3 scale lab",
            firmware: { vendor: "Fake firmware", version: "1.0", build_date: "01/01/2024" },
        },
    },
});
