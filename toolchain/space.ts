import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname } from "node:path";
import type { Cache } from "./cache/cache";
import { GIB, freeSpace, gib } from "./machine";
import { versions } from "./versions";

/** One place that must have room. */
export interface SpaceNeed {
    path: string;
    /** GiB. */
    need: number;
    /** The place's name in a message. */
    what: string;
}

/**
 * Compares free space with what is needed. Places on one file system share its room.
 * @returns a problem for each file system without enough of it
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
        const each = here.map(({ what, path, need }) => `${what} (${path}) needs ${need.toFixed(1)} GiB`);
        return [`the disk is nearly full: ${each.join(" and ")}, but only ${gib(free)} are free`];
    });
}

/**
 * The places that making so many programs and images writes to, and how much.
 * @param dataRoot Docker's folder of images. One that is not on this machine, because Docker is remote, is left out
 */
export function spaceNeeds(cache: Cache, programs: number, images: number, dataRoot: string | undefined): SpaceNeed[] {
    const { disk } = versions();
    const goCache = process.env["GOCACHE"] ?? process.env["XDG_CACHE_HOME"] ?? homedir();
    return [
        { path: cache.root, need: disk.cachePerProgram * programs, what: "the lab's cache" },
        { path: goCache, need: disk.goPerProgram * programs, what: "Go's caches" },
        ...(dataRoot !== undefined && existsSync(dirname(dataRoot))
            ? [{ path: dataRoot, need: disk.dockerPerImage * images, what: "Docker's images" }]
            : []),
    ];
}
