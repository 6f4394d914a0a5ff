import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { EnvHttpProxyAgent, fetch } from "undici";
import { replaceFile } from "../lib/replace-file";

const PROBE_LIMIT_MS = 5_000;

/** How long a failed probe counts: a machine that cannot reach the address now will not reach it a minute later. */
export const REMEMBER_MS = 24 * 3600_000;

/**
 * Whether an address answers, through the machine's proxy if it has one.
 * @param statuses HTTP statuses beside those of success that count as an answer
 */
export async function answers(address: string, statuses: readonly number[] = []): Promise<boolean> {
    const dispatcher = new EnvHttpProxyAgent();
    try {
        const response = await fetch(address, {
            method: "HEAD",
            dispatcher,
            signal: AbortSignal.timeout(PROBE_LIMIT_MS),
        });
        return response.ok || statuses.includes(response.status);
    } catch {
        return false;
    } finally {
        await dispatcher.destroy();
    }
}

/**
 * Whether an address can be reached from here. Where it cannot, the network is asked at most once a day.
 * @param memory file that remembers a failure
 * @param probe asks the network
 */
export async function reachable(
    memory: string,
    address: string,
    probe: (address: string) => Promise<boolean>,
): Promise<boolean> {
    try {
        const { failed } = JSON.parse(await readFile(memory, "utf8")) as { failed: number };
        if (Date.now() - failed < REMEMBER_MS) {
            return false;
        }
    } catch {
        // No failure is remembered.
    }
    if (await probe(address)) {
        return true;
    }
    await mkdir(dirname(memory), { recursive: true });
    await replaceFile(memory, JSON.stringify({ address, failed: Date.now() }));
    return false;
}
