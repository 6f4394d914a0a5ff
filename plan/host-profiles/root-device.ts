import { createHash } from "node:crypto";
import type { Hint, HostProfile } from "./definition";
import { disksOf } from "./hardware";

/**
 * Serial number and WWN of disk `number` of a host, as fake-ipa reports them. They follow from the host's UUID, so that
 * each disk of a lab has its own.
 */
export function diskIdentity(uuid: string, number: number): { wwn: string; serial: string } {
    const digest = createHash("sha256")
        .update(number === 0 ? uuid : `${uuid}/disk/${number}`)
        .digest("hex");
    return { wwn: `0x5${digest.slice(0, 15)}`, serial: digest.slice(16, 32).toUpperCase() };
}

const BYTES_PER_GIB = 1024 ** 3;

/**
 * The hints of a host's root device: what its profile wants said of the disk for its system.
 * @returns undefined where the profile leaves the choice to the agent
 */
export function rootDeviceHints(
    profile: HostProfile,
    uuid: string,
): Partial<Record<Hint, string | number | boolean>> | undefined {
    const { rootDevice } = profile;
    if (rootDevice === undefined) {
        return undefined;
    }
    const disk = disksOf(profile)[rootDevice.disk] as ReturnType<typeof disksOf>[number];
    const { wwn, serial } = diskIdentity(uuid, rootDevice.disk);
    const all: Record<Hint, string | number | boolean | null> = {
        deviceName: disk.name,
        hctl: disk.hctl,
        model: disk.model,
        vendor: disk.vendor,
        serialNumber: serial,
        wwn,
        minSizeGigabytes: disk.size / BYTES_PER_GIB,
        rotational: disk.rotational,
    };
    // An NVMe disk has no HCTL.
    return Object.fromEntries(
        rootDevice.by.flatMap((hint): [Hint, string | number | boolean][] => {
            const value = all[hint];
            return value === null ? [] : [[hint, value]];
        }),
    );
}
