import { fetch } from "undici";
import { unverified } from "../../lib/unverified";
import type { LabPlan } from "../../plan/plan";

/** Longest time for a BMC's answer, milliseconds. */
const LIMIT_MS = 1000;

/**
 * Asks the BMCs of each pair for the root of their Redfish API, from this machine.
 * @returns milliseconds until the answer by the name of the pair, null where there was none in a second. Undefined
 * where the BMCs are reached from within the cluster alone.
 */
export async function askBmcs({
    reach,
    pairs,
}: Pick<LabPlan, "reach" | "pairs">): Promise<Map<string, number | null> | undefined> {
    if (reach.kind === "services") {
        return undefined;
    }
    const answers = pairs.map(async ({ name, redfishUrl }): Promise<[string, number | null]> => {
        const began = performance.now();
        try {
            const url = `${redfishUrl}/redfish/v1/`;
            const response = await fetch(url, { dispatcher: unverified, signal: AbortSignal.timeout(LIMIT_MS) });
            await response.body?.cancel();
            return [name, Math.round(performance.now() - began)];
        } catch {
            return [name, null];
        }
    });
    return new Map(await Promise.all(answers));
}
