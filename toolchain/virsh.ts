import { errorText } from "../lib/error-text";
import { lastLineOf, run } from "./run";

/** Longest virsh command, seconds. The start of a network with its DHCP server took less than one. */
const LIMIT_S = 60;

/**
 * Runs virsh against one libvirt. Its messages are in English, whatever the user's language: some of them are read
 * here, and others reach bug reports.
 * @param uri connection to libvirt, such as `qemu:///system`
 * @param limitS longest run, seconds
 * @returns what virsh wrote to standard output
 * @throws Error whose message is libvirt's own reason
 */
export async function virsh(uri: string, args: readonly string[], limitS = LIMIT_S): Promise<string> {
    try {
        return await run("virsh", ["--connect", uri, ...args], { timeoutMs: limitS * 1000, env: { LC_ALL: "C" } });
    } catch (error) {
        const reason = lastLineOf(error)?.replace(/^error: /, "");
        throw new Error(reason ?? errorText(error), { cause: error });
    }
}

/** Runs virsh where a failure is an answer: libvirt does not have what was asked for. Undefined then. */
export async function lookVirsh(uri: string, args: readonly string[], limitS?: number): Promise<string | undefined> {
    return virsh(uri, args, limitS).catch(() => undefined);
}
