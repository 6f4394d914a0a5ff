import { z } from "zod";
import { BMC_DRIVERS, BOOT_MODES } from "../bmc-choices";

/** By what a BareMetalHost names the disk for its system: fields of BMO's RootDeviceHints. */
export const HINTS = [
    "deviceName",
    "hctl",
    "model",
    "vendor",
    "serialNumber",
    "wwn",
    "minSizeGigabytes",
    "rotational",
] as const;
export type Hint = (typeof HINTS)[number];

/**
 * Most NICs and disks of a host. Each NIC has a MAC address with a first octet of its own; sixteen of them leave the
 * rest to switches.
 */
const MOST_NICS = 16;
const MOST_DISKS = 36;
/** Flags of the processor where a profile says nothing. */
const CPU_FLAGS = ["fpu", "mmx", "fxsr", "sse", "sse2", "aes", "vmx", "rdrand"];

const text = (most: number) =>
    z
        .string({ error: "must be a text" })
        .regex(/^[\x20-\x7e]+$/, "must be a text of printable ASCII characters")
        .max(most, `must have at most ${most} characters`);

const whole = (least: number, most: number) => {
    const error = `must be a whole number from ${least} to ${most}`;
    return z.number({ error }).int(error).min(least, error).max(most, error);
};

const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
    z.enum(values, { error: `must be one of ${values.join(", ")}` });

const cpu = z.strictObject({
    model: text(100),
    mhz: whole(100, 10_000),
    sockets: whole(1, 16),
    /** Logical CPUs of all sockets. */
    threads: whole(1, 4096),
    architecture: oneOf(["x86_64", "aarch64"]).default("x86_64"),
    flags: z.array(text(30)).default(CPU_FLAGS),
});

/** As many equal disks as `count`. Their device names follow from their kind and their order. */
const disk = z.strictObject({
    kind: oneOf(["nvme", "ssd", "hdd"]),
    gib: whole(1, 200_000),
    count: whole(1, MOST_DISKS).default(1),
    vendor: text(30),
    model: text(60),
});

const nic = z.strictObject({
    name: z
        .string({ error: "must be the name of a network interface" })
        .regex(
            /^[a-z][a-z0-9]{0,14}$/,
            "must be the name of a network interface: a letter, then up to 14 more, or digits",
        ),
    /** Ids of PCI, as the agent reports them. */
    vendor: z.string().regex(/^0x[0-9a-f]{4}$/, "must be an id of PCI, such as 0x8086"),
    product: z.string().regex(/^0x[0-9a-f]{4}$/, "must be an id of PCI, such as 0x1592"),
    gbps: whole(1, 800),
    connected: z.boolean({ error: "must be true or false" }).default(true),
    /** Which of the rack's switches it is connected to, and says so by LLDP. Unset: it hears no LLDP. */
    switch: oneOf(["a", "b", "c", "d"]).optional(),
    /** Untagged VLAN of the switch's port. */
    vlan: whole(1, 4094).optional(),
});

const firmware = z.strictObject({
    vendor: text(60),
    /** sushy-tools counts the second number up at an update. */
    version: text(30).regex(/^[^.]+\.\d+(\..+)?$/, "must be a version with two numbers or more, such as 2.14.1"),
    date: z.string().regex(/^\d\d\/\d\d\/\d{4}$/, "must be a date as a BIOS has it, MM/DD/YYYY"),
    /** Version of the BMC's own firmware. Unset: sushy-tools' own. */
    bmc: text(30).optional(),
});

/** Settings of the BIOS by name. Schemas there are for those of sushy-tools' registry. */
const bios = z.record(z.string().regex(/^\w{1,60}$/, "must be the name of a BIOS attribute"), text(100));

/** Rules between fields. */
function between(profile: z.output<typeof fields>, context: z.RefinementCtx): void {
    const count = profile.disks.reduce((sum, each) => sum + each.count, 0);
    const issue = (path: (string | number)[], message: string): void =>
        void context.addIssue({ code: "custom", path, message });
    if (count > MOST_DISKS) {
        issue(["disks"], `must be at most ${MOST_DISKS} disks`);
    }
    if (profile.rootDevice !== undefined && profile.rootDevice.disk >= count) {
        issue(["rootDevice", "disk"], `must be the number of a disk, from 0 to ${count - 1}`);
    }
    if (profile.cpu.threads % profile.cpu.sockets !== 0) {
        issue(["cpu", "threads"], "must be the same number for each socket");
    }
    const names = profile.nics.map(({ name }) => name);
    if (new Set(names).size < names.length) {
        issue(["nics"], "must have names of their own");
    }
    profile.nics.forEach((each, index) => {
        if (each.switch !== undefined && !each.connected) {
            issue(["nics", index, "switch"], "is of a NIC that is not connected");
        }
        if (each.vlan !== undefined && each.switch === undefined) {
            issue(["nics", index, "vlan"], "needs a switch, which tells it by LLDP");
        }
    });
    if (profile.nics[0]?.connected === false) {
        issue(["nics", 0, "connected"], "must be true: a host boots from its first NIC");
    }
}

const fields = z.strictObject({
    meaning: text(200).optional(),
    manufacturer: text(60),
    model: text(60),
    cpu,
    memoryGib: whole(1, 24_576),
    disks: z.array(disk, { error: "must be a list of disks" }).min(1, "must be at least one disk"),
    /** The disk for the system, by its number in the order of the list, and what a BareMetalHost says of it. */
    rootDevice: z
        .strictObject({
            disk: whole(0, MOST_DISKS - 1),
            by: z.array(oneOf(HINTS)).min(1, `must be a list of ${HINTS.join(", ")}`),
        })
        .optional(),
    nics: z
        .array(nic, { error: "must be a list of NICs" })
        .min(1, "must be at least one NIC")
        .max(MOST_NICS, `must be at most ${MOST_NICS} NICs`),
    firmware,
    bios: bios.optional(),
    /** In place of the keys of the same names. */
    bmcDriver: oneOf(BMC_DRIVERS).optional(),
    bootMode: oneOf(BOOT_MODES).optional(),
});

/** The hardware of a class of fake hosts. */
export const hostProfile = fields.superRefine(between);
export type HostProfile = z.output<typeof hostProfile>;

/** The same as a person writes it. */
export type WrittenProfile = z.input<typeof hostProfile>;
