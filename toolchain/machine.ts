import { existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";

/** Bytes of one GiB. */
export const GIB = 1024 ** 3;

/** Bytes as a person reads them: `7.0 GiB`. */
export function gib(bytes: number): string {
    return `${(bytes / GIB).toFixed(1)} GiB`;
}

/**
 * Bytes free for an ordinary user on the file system that holds the path, or would hold it. `device` is equal for two
 * paths on one file system.
 */
export function freeSpace(path: string): { free: number; device: string } {
    let at = path;
    while (!existsSync(at)) {
        at = dirname(at);
    }
    const found = statfsSync(at);
    return { free: found.bavail * found.bsize, device: `${found.type}:${found.blocks}:${found.files}` };
}
