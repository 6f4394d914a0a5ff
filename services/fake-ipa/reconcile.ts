import type { AgentContext } from "./agent-context.js";
import type { Fleet } from "./fleet.js";
import { Limiter } from "./limiter.js";
import type { System } from "./system.js";
import { backoff } from "./timing.js";

/** sushy-tools serves all requests in one process and Ironic is its customer: it is asked little at a time. */
const CONCURRENCY = 4;
/** A power change is applied within 11 s (sushy-tools' fakedriver); looking twice at this distance tells a pending one from a missed one. */
const PENDING_MS = 13_000;
/** sushy-tools may start after this service. */
const GIVE_UP_MS = 10 * 60_000;

/**
 * Asks sushy-tools, once after start, which hosts are on, and corrects what was missed while this process did not run. What is found is handled as
 * a notification would be, so the same rules hold. Hosts are those of the configuration and those restored.
 *
 * @param hosts what is known of the hosts, NICs above all, which Redfish shows without addresses
 * @param signal ends it early
 */
export async function reconcile(
    fleet: Fleet,
    hosts: readonly System[],
    context: AgentContext,
    signal: AbortSignal,
): Promise<void> {
    const { redfish, log } = context;
    if (redfish === undefined) {
        return;
    }
    const limiter = new Limiter(CONCURRENCY);
    await Promise.all(hosts.map((host) => reconcileHost(fleet, host, limiter, context, signal)));
    if (!signal.aborted) {
        log.info({ hosts: hosts.length }, "reconciled with sushy-tools");
    }
}

async function reconcileHost(
    fleet: Fleet,
    host: System,
    limiter: Limiter,
    context: AgentContext,
    signal: AbortSignal,
): Promise<void> {
    const { redfish, clock, metrics, log } = context;
    const started = clock.now();
    const wait = (ms: number): Promise<void> =>
        new Promise((resolve) => {
            const timer = clock.after(ms, resolve);
            signal.addEventListener(
                "abort",
                () => {
                    clock.clear(timer);
                    resolve();
                },
                { once: true },
            );
        });
    let suspected: string | undefined;
    for (let attempt = 0; !signal.aborted; attempt++) {
        try {
            const seen = await limiter.run(() => redfish!.system(host.uuid, signal));
            if (seen === undefined) {
                return;
            }
            metrics.redfish.inc({ request: "read", result: "ok" });
            const known = fleet.host(host.uuid);
            if (known?.power === seen.power) {
                return;
            }
            // Unknown hosts that are off need nothing; others that differ may only have a change pending, so they are looked at twice.
            if (known === undefined && seen.power === "Off") {
                return;
            }
            if (known !== undefined && suspected !== seen.power) {
                suspected = seen.power;
                await wait(PENDING_MS);
                continue;
            }
            log.warn(
                { host: host.name ?? host.uuid, power: seen.power, known: known?.power },
                "a power change was missed",
            );
            fleet.notify({
                ...host,
                power_state: seen.power,
                pending_power: null,
                boot_device: seen.bootDevice ?? null,
            });
            return;
        } catch (error) {
            if (signal.aborted) {
                return;
            }
            metrics.redfish.inc({ request: "read", result: "error" });
            if (clock.now() - started > GIVE_UP_MS) {
                log.error(
                    { host: host.name ?? host.uuid, reason: (error as Error).message },
                    "reconciliation given up: sushy-tools did not answer for 10 minutes",
                );
                return;
            }
            await wait(backoff(clock, { first: 2, factor: 1.5, most: 30 }, attempt));
        }
    }
}
