import { createHash } from "node:crypto";
import type { LabConfig } from "./config/keys";

/** The kernel and the ramdisk of the Ironic Python agent: where each comes from, and its SHA-256 sum. */
export type IpaFiles = NonNullable<LabConfig["ipa"]>;

/** Names of the files on the image server, below /boot, and in its image, below /srv/boot. */
export const IPA_FILE_NAMES = { kernel: "ipa.kernel", ramdisk: "ipa.initramfs" } as const;

/** Digits of the hash in the tag of a built image. */
const TAG_DIGITS = 12;

/**
 * The reference of the image server's image that holds the files. It follows from their contents, not from the places
 * they come from: a file that has moved restarts nothing.
 * @param base reference of the image server's own image, which is beneath it
 */
export function ipaReference({ kernel, ramdisk }: IpaFiles, base: string): string {
    const inputs = JSON.stringify([kernel.sha256, ramdisk.sha256, base]);
    return `metal3-scale-lab/ipa:${createHash("sha256").update(inputs).digest("hex").slice(0, TAG_DIGITS)}`;
}
