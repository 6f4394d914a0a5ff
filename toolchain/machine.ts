import { existsSync, readFileSync, statfsSync } from "node:fs";
import { dirname } from "node:path";

const GIB = 1024 ** 3;

/** Bytes as a person reads them. */
export function gib(bytes: number): string {
    return `${(bytes / GIB).toFixed(1)} GiB`;
}

/** Bytes free for an ordinary user on the file system that holds the path, or would hold it. */
export function freeSpace(path: string): { free: number; device: string } {
    let at = path;
    while (!existsSync(at)) {
        at = dirname(at);
    }
    const found = statfsSync(at);
    return { free: found.bavail * found.bsize, device: `${found.type}:${found.blocks}:${found.files}` };
}

/** Bytes of memory that can be had without swapping. */
export function availableMemory(): { available: number; total: number } {
    const text = readFileSync("/proc/meminfo", "utf8");
    const value = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1024;
    return { available: value("MemAvailable"), total: value("MemTotal") };
}

/** One place that must have room. */
export interface SpaceNeed {
    path: string;
    /** GiB. */
    need: number;
    what: string;
}

/**
 * Judges free space before anything is made. Places on one file system share its room.
 * @returns a problem per file system that is nearly full
 */
export function spaceProblems(
    needs: readonly SpaceNeed[],
    look: (path: string) => { free: number; device: string } = freeSpace,
): string[] {
    const byDevice = new Map<string, { free: number; needs: SpaceNeed[] }>();
    for (const need of needs) {
        const { free, device } = look(need.path);
        const at = byDevice.get(device) ?? { free, needs: [] };
        at.needs.push(need);
        byDevice.set(device, at);
    }
    return [...byDevice.values()].flatMap(({ free, needs: here }) => {
        const sum = here.reduce((total, { need }) => total + need, 0);
        if (free >= sum * GIB) {
            return [];
        }
        return [
            `the disk is nearly full: ${here.map(({ what, path, need }) => `${what} (${path}) needs ${need.toFixed(1)} GiB`).join(" and ")}, but only ${gib(free)} are free`,
        ];
    });
}
