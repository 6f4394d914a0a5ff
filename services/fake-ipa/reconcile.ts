import { setMaxListeners } from "node:events";
import type { AgentContext } from "./agent-context.js";
import type { Fleet } from "./fleet.js";
import { Limiter } from "./limiter.js";
import type { System } from "./system.js";
import { backoff } from "./timing.js";

/** Number of requests at a time. sushy-tools serves all requests in one process, and Ironic needs it as well. */
const CONCURRENCY = 4;
/**
 * Distance in milliseconds between two looks at a host. sushy-tools applies a power change within 11 s (its
 * fakedriver), so a difference at both looks is a change that was missed, and not a pending one.
 */
const PENDING_MS = 13_000;
/** Longest time in milliseconds without an answer. sushy-tools may start after this service. */
const GIVE_UP_MS = 10 * 60_000;

/**
 * Asks sushy-tools once after the start which hosts are on, and makes up for what this process missed while it did not
 * run. A difference is handled like a notification, by the same rules.
 *
 * @param hosts the hosts of the configuration and the restored ones, with their NICs, which Redfish shows without
 *     addresses
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
    // Every host waits for the signal.
    setMaxListeners(0, signal);
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
            const end = (): void => {
                clock.clear(timer);
                signal.removeEventListener("abort", end);
                resolve();
            };
            const timer = clock.after(ms, end);
            signal.addEventListener("abort", end);
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
            // An unknown host that is off needs nothing. Any other difference may be a pending change, so it is looked
            // at twice.
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
                ...(seen.medium === undefined ? {} : { boot_image: { Cd: [null, true, seen.medium] } }),
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
