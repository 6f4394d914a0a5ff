import type { Logger } from "pino";
import type { AgentContext } from "./agent-context.js";
import type { ResetType } from "./redfish-client.js";
import { backoff, type Backoff } from "./timing.js";

/**
 * Number of requests until it gives up. Ironic waits half a minute for the power to go off
 * (`[agent]post_deploy_get_power_state_retries`), then switches it off itself.
 */
const ATTEMPTS = 6;
const RETRY_RESET: Backoff = { first: 1, factor: 2, most: 8 };

/**
 * Asks the host's BMC for a reset, several times if it fails.
 *
 * @returns whether the BMC accepted the request
 */
export async function powerHost(
    uuid: string,
    type: ResetType,
    { redfish, clock, metrics }: AgentContext,
    signal: AbortSignal,
    log: Logger,
): Promise<boolean> {
    if (redfish === undefined) {
        metrics.redfish.inc({ request: type, result: "not-configured" });
        log.warn({ type }, "FAKE_IPA_REDFISH_URL is not set: the host stays on until Ironic cuts its power");
        return false;
    }
    for (let attempt = 0; attempt < ATTEMPTS && !signal.aborted; attempt++) {
        try {
            // `signal` does not end this request: the notification that stops the agent arrives before the answer.
            await redfish.reset(uuid, type, new AbortController().signal);
            metrics.redfish.inc({ request: type, result: "ok" });
            return true;
        } catch (error) {
            metrics.redfish.inc({ request: type, result: "error" });
            log.warn({ type, reason: (error as Error).message }, "power");
            await new Promise<void>((resolve) => {
                clock.after(backoff(clock, RETRY_RESET, attempt), resolve);
            });
        }
    }
    return false;
}
