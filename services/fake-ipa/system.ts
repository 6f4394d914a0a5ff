import { z } from "zod";

/** A NIC as sushy-tools holds it. An empty IP means none. */
export const nicSchema = z.object({
    mac: z.string().regex(/^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/, "a MAC address, aa:bb:cc:dd:ee:ff"),
    ip: z.string().nullish(),
});

/** A system as sushy-tools 2.2 PUTs it: its configuration and what changed since. Fields we do not use are dropped. */
export const systemSchema = z.object({
    uuid: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z._-]{0,127}$/, "letters, digits, dots, dashes"), // it names a state file
    name: z.string().optional(),
    power_state: z.string().optional(),
    pending_power: z.object({ power_state: z.string(), apply_time: z.number() }).nullish(),
    boot_device: z.string().nullish(),
    boot_mode: z.string().nullish(),
    nics: nicSchema.array().min(1),
});

export type System = z.infer<typeof systemSchema>;

/** What is remembered of a host's power, so that a notification can be told from its repetition. */
export interface PowerMemory {
    /** Where the power is or is going; undefined before anything was heard. */
    power?: "On" | "Off" | undefined;
    /** The last power requests seen, newest last, each `state@apply_time`. */
    seen: string[];
}

/** What to do about a host's agent. */
export type PowerAction =
    | { kind: "none" }
    | { kind: "stop" }
    /** A (re)boot into the ramdisk; `at` (ms) is when sushy-tools applies the power change. */
    | { kind: "boot"; at: number }
    /** A (re)boot from disk: whatever agent ran is gone. */
    | { kind: "boot-disk" };

/** How many power requests are remembered: a repetition arrives within moments, not after this many others. */
const SEEN = 8;

/** sushy-tools applies a power change 1 to 11 s after the request (its fakedriver). A larger distance is a clock that is off: not waited for. */
const MAX_APPLY_MS = 12_000;

/** sushy-tools' default where nothing was set yet (its fakedriver). */
const bootsFromDisk = (system: System): boolean => (system.boot_device ?? "Hdd") === "Hdd";

/**
 * What a notification means for the host's agent; notes it in `memory`.
 *
 * sushy-tools PUTs the whole system at *every* change (power, boot device, virtual media), so most notifications say nothing about power, and
 * one that does is repeated with each later change until the power change is applied. The rules:
 * - where the power is going counts: the pending state, else the state itself;
 * - a request (state and time) acts once; seen again, or late and out of order, it does nothing;
 * - on after off boots, off stops, a restart does both: Ironic drops the agent's token at a reboot, an agent that lived on would be refused;
 * - a change of the boot device of a host that is on does nothing until it boots.
 */
export function judgeNotification(system: System, memory: PowerMemory, agentRuns: boolean, now: number): PowerAction {
    const pending = system.pending_power;
    if (!pending) {
        const before = memory.power;
        const power = system.power_state === "On" ? "On" : system.power_state === "Off" ? "Off" : undefined;
        if (power === undefined) {
            return { kind: "none" };
        }
        memory.power = power;
        if (power === "Off") {
            return { kind: agentRuns ? "stop" : "none" };
        }
        // A power-on whose request we never got, as when this service was down at the time.
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
    memory.power = power;
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
