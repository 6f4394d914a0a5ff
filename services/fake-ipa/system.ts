import { randomUUID } from "node:crypto";
import { z } from "zod";

/** A NIC in sushy-tools. An empty IP means that it has none. */
export const nicSchema = z.object({
    mac: z.string().regex(/^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/, "a MAC address, aa:bb:cc:dd:ee:ff"),
    ip: z.string().nullish(),
    /** (ours) The switch's port that it is connected to. sushy-tools keeps it, and passes it on. */
    lldp: z
        .object({
            chassis: z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, "a MAC address, aa:bb:cc:dd:ee:ff"),
            system: z.string(),
            port: z.string(),
            vlan: z.number().int().min(1).max(4094).optional(),
        })
        .optional(),
});

/**
 * A system in the form in which sushy-tools 2.2 PUTs it: its configuration, and what changed since. Fields that are not
 * used here are dropped.
 */
export const systemSchema = z.object({
    // The UUID becomes the name of a state file.
    uuid: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z._-]{0,127}$/, "letters, digits, dots, dashes"),
    name: z.string().optional(),
    power_state: z.string().optional(),
    pending_power: z.object({ power_state: z.string(), apply_time: z.number() }).nullish(),
    boot_device: z.string().nullish(),
    boot_mode: z.string().nullish(),
    /** The medium in each virtual drive: its file, whether it is write-protected, and whether it is there. */
    boot_image: z.record(z.string(), z.tuple([z.string().nullable(), z.boolean(), z.boolean()])).nullish(),
    nics: nicSchema.array().min(1),
});

export type System = z.infer<typeof systemSchema>;

/** Memory of a host's power, by which a notification is told from its repetition. */
export interface PowerMemory {
    /** The power state, or the pending one. Undefined before the first notification. */
    power?: "On" | "Off" | undefined;
    /** When the power last changed, in milliseconds since the epoch. */
    since?: number | undefined;
    /** Id of the last boot, as Linux has one in /proc/sys/kernel/random/boot_id. */
    boot?: string | undefined;
    /** The last power requests seen, newest last, each `state@apply_time`. */
    seen: string[];
}

/** What happens to a host's agent. */
export type PowerAction =
    | { kind: "none" }
    | { kind: "stop" }
    /**
     * A boot or reboot into the ramdisk. At `at`, in milliseconds since the epoch, sushy-tools applies the power
     * change.
     */
    | { kind: "boot"; at: number }
    /** A boot or reboot from disk: an agent that ran is gone. */
    | { kind: "boot-disk" };

/** Remembers the power of a host. A host that is switched on, or restarted, boots. */
export function setPower(memory: PowerMemory, power: "On" | "Off", restarted: boolean, now: number): void {
    if (memory.power !== power) {
        memory.since = now;
    }
    if (power === "On" && (memory.power !== "On" || restarted)) {
        memory.boot = randomUUID();
    }
    memory.power = power;
}

/** Number of power requests that are remembered. A repetition arrives within moments, and not after so many others. */
const SEEN = 8;

/**
 * Longest time in milliseconds until a power change is applied: sushy-tools takes 1 to 11 s (its fakedriver). A longer
 * one means that a clock is wrong, and is not waited for.
 */
const MAX_APPLY_MS = 12_000;

/**
 * sushy-tools boots from disk if no boot device was set (its fakedriver). A machine does so as well if the drive that
 * it should boot from is empty. Nothing is read of a medium: whatever is in the drive is a ramdisk with an agent.
 */
function bootsFromDisk({ boot_device: device, boot_image: drives }: System): boolean {
    return device === "Cd" ? drives?.["Cd"]?.[2] !== true : (device ?? "Hdd") === "Hdd";
}

/**
 * The consequence of a notification for the host's agent. `memory` is updated.
 *
 * sushy-tools PUTs the whole system at *every* change (power, boot device, virtual media). So most notifications say
 * nothing new about power, and a power request is repeated with each later change until it is applied. The rules:
 * - The pending power state counts. Without one the current state does.
 * - A request (state and time) acts once. If it is repeated, or arrives late and out of order, it does nothing.
 * - Power-on boots an agent, power-off stops it, and a restart does both: Ironic drops the agent's token at a reboot,
 *   so it would refuse an agent that lived on.
 * - A change of the boot device of a host that is on does nothing until the host boots.
 */
export function powerActionOf(system: System, memory: PowerMemory, agentRuns: boolean, now: number): PowerAction {
    const pending = system.pending_power;
    if (!pending) {
        const before = memory.power;
        const power = system.power_state === "On" ? "On" : system.power_state === "Off" ? "Off" : undefined;
        if (power === undefined) {
            return { kind: "none" };
        }
        setPower(memory, power, false, now);
        if (power === "Off") {
            return { kind: agentRuns ? "stop" : "none" };
        }
        // The power-on's own request was missed, for example because this service did not run at the time.
        if (before === "On" || agentRuns) {
            return { kind: "none" };
        }
        return bootsFromDisk(system) ? { kind: "none" } : { kind: "boot", at: now };
    }
    const request = `${pending.power_state}@${pending.apply_time}`;
    const repeated = memory.seen.includes(request);
    if (!repeated) {
        memory.seen = [...memory.seen, request].slice(-SEEN);
    } else if (memory.seen.at(-1) !== request) {
        return { kind: "none" };
    }
    const restart = pending.power_state.includes("Restart");
    const power = restart || pending.power_state === "On" ? "On" : "Off";
    setPower(memory, power, restart && !repeated, now);
    if (power === "Off") {
        return { kind: agentRuns ? "stop" : "none" };
    }
    const applied = pending.apply_time * 1000;
    const at = applied - now <= MAX_APPLY_MS ? Math.max(now, applied) : now;
    if (bootsFromDisk(system)) {
        return !repeated && (restart || agentRuns) ? { kind: "boot-disk" } : { kind: "none" };
    }
    if (restart && !repeated) {
        return { kind: "boot", at };
    }
    return agentRuns ? { kind: "none" } : { kind: "boot", at };
}
