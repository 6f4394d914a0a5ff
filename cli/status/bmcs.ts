import { fetch } from "undici";
import { unverified } from "../../lib/unverified";
import type { LabPlan } from "../../plan/plan";

/** Longest time for a BMC's answer, seconds. On a machine whose cores are all taken one takes more than a second. */
export const BMC_LIMIT_SECONDS = 5;

/**
 * Asks the BMCs of each pair for the root of their Redfish API, from this machine.
 * @returns milliseconds until the answer by the name of the pair, null where there was none in time. Undefined where
 * the BMCs are reached from within the cluster alone.
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
            const signal = AbortSignal.timeout(BMC_LIMIT_SECONDS * 1000);
            const response = await fetch(`${redfishUrl}/redfish/v1/`, { dispatcher: unverified, signal });
            await response.body?.cancel();
            return [name, Math.round(performance.now() - began)];
        } catch {
            return [name, null];
        }
    });
    return new Map(await Promise.all(answers));
}
