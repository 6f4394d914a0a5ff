import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { AgentContext } from "./agent-context.js";
import type { Clock } from "./clock.js";
import type { Config } from "./config.js";
import { Fleet } from "./fleet.js";
import { HttpClient } from "./http.js";
import { type Ironic, IronicClient } from "./ironic-client.js";
import { Limiter } from "./limiter.js";
import { Metrics } from "./metrics.js";
import { reconcile } from "./reconcile.js";
import { type Redfish, RedfishClient } from "./redfish-client.js";
import { Scheduler } from "./scheduler.js";
import { buildServer } from "./server.js";
import { StateStore } from "./state-store.js";
import type { System } from "./system.js";

export interface Service {
    server: FastifyInstance;
    fleet: Fleet;
    metrics: Metrics;
    /**
     * Ends the service. It starts nothing new, lets requests that are under way end within `ms` milliseconds, and
     * writes the state.
     */
    close(ms: number): Promise<void>;
}

/**
 * How long the API stays up after the last heartbeat or call, in milliseconds. After a heartbeat Ironic calls the
 * agent, and fails the host's cleaning or deployment if the call is refused: it tries three times, without a pause
 * (`[agent]max_command_attempts`).
 */
const QUIET_MS = 2_000;
/** Longest time that the API stays up, in milliseconds: `docker stop` kills after 10 s. */
const DRAIN_MS = 6_000;

async function quiet({ clock, activity }: AgentContext, ms: number): Promise<void> {
    const end = clock.now() + ms;
    for (let wait = 0; (wait = Math.min(activity.last + QUIET_MS, end) - clock.now()) > 0;) {
        await new Promise<void>((resolve) => {
            clock.after(wait, resolve);
        });
    }
}

/** Parts that a test replaces. */
export interface Parts {
    clock: Clock;
    log: Logger;
    verifyCa?: string | undefined;
    ironic?: Ironic;
    redfish?: Redfish;
    metrics?: Metrics;
}

/**
 * Builds the service and starts it, in this order: the agents of the last run are restored, the API listens, the agents
 * go on, and sushy-tools is asked for what was missed.
 */
export async function startService(config: Config, parts: Parts): Promise<Service> {
    const { clock, log } = parts;
    const metrics = parts.metrics ?? new Metrics();
    const timeoutMs = config.requestTimeoutSeconds * 1000;
    const ironicHttp = new HttpClient(
        { caFile: config.caFile, insecure: config.insecure, certFile: config.certFile, keyFile: config.keyFile },
        2 * config.concurrency,
    );
    const redfishHttp = new HttpClient({ caFile: config.redfishCaFile, insecure: config.redfishInsecure }, 8);
    const redfish =
        parts.redfish ??
        (config.redfishUrl === undefined
            ? undefined
            : new RedfishClient(redfishHttp, config.redfishUrl, config.redfishUser, config.redfishPassword, timeoutMs));
    const unexpected = (error: unknown): void => {
        metrics.errors.inc({ where: "scheduler" });
        log.error({ err: error }, "unexpected error");
    };
    const context: AgentContext = {
        config,
        clock,
        log,
        metrics,
        redfish,
        verifyCa: parts.verifyCa,
        activity: { last: 0 },
        scheduler: new Scheduler(clock, unexpected),
        limiters: { lookups: new Limiter(config.concurrency), others: new Limiter(config.concurrency) },
        ironic:
            parts.ironic ??
            new IronicClient(ironicHttp, { api: config.apiUrls, inspection: config.inspectionUrls }, timeoutMs, clock),
    };
    const store = new StateStore(config.stateDir, metrics, log);
    const fleet = new Fleet(context, store);
    const ending = new AbortController();

    await fleet.restore();
    const server = await buildServer(fleet, context, () => !ending.signal.aborted);
    await server.listen({ host: config.listenIp, port: config.listenPort });
    fleet.resume();
    const known = new Map<string, System>(config.systems.map((system) => [system.uuid, system]));
    for (const system of fleet.systems()) {
        known.set(system.uuid, system);
    }
    const reconciled = reconcile(fleet, [...known.values()], context, ending.signal).catch(unexpected);

    return {
        server,
        fleet,
        metrics,
        close: async (ms) => {
            ending.abort();
            context.scheduler.close();
            await Promise.all([
                ...Object.values(context.limiters).map((limiter) => limiter.close(ms)),
                quiet(context, Math.min(ms, DRAIN_MS)),
            ]);
            fleet.close();
            await server.close();
            await reconciled;
            await store.flush();
            await Promise.all([ironicHttp.close(), redfishHttp.close()]);
        },
    };
}
