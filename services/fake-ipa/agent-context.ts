import type { Logger } from "pino";
import type { Clock } from "./clock.js";
import type { StoredCommand } from "./command-log.js";
import type { Config } from "./config.js";
import type { Ironic } from "./ironic-client.js";
import type { Limiter } from "./limiter.js";
import type { Metrics } from "./metrics.js";
import type { Redfish } from "./redfish-client.js";
import type { Scheduler } from "./scheduler.js";
import type { System } from "./system.js";

/** The version that heartbeats announce: the ironic-python-agent whose behaviour is modelled. */
export const AGENT_VERSION = "13.0.0";

/** The part of an agent that survives a restart of this process. Times are in milliseconds since the epoch. */
export interface AgentState {
    /** When the power request came, and when the first lookup is due. */
    poweredAt: number;
    lookupDue: number;
    nodeUuid?: string;
    token?: string;
    heartbeatTimeoutSeconds?: number;
    inspected: boolean;
    commands: StoredCommand[];
}

/** The parts that all agents share. */
export interface AgentContext {
    config: Config;
    clock: Clock;
    scheduler: Scheduler;
    /**
     * Lookups have a limiter of their own: their answers may take minutes, and heartbeats must not queue behind them.
     */
    limiters: { lookups: Limiter; others: Limiter };
    ironic: Ironic;
    redfish: Redfish | undefined;
    metrics: Metrics;
    log: Logger;
    /** The certificate (PEM) by which Ironic verifies the agents' API, if Ironic must be told. */
    verifyCa: string | undefined;
    /**
     * When Ironic last accepted a heartbeat or called an agent, in milliseconds since the epoch. It is then likely to
     * call again soon.
     */
    activity: { last: number };
}

/** The agent's view of its host. */
export interface AgentOwner {
    system(): System;
    /** Writes the agent's state; resolves when it is on disk. */
    persist(): Promise<void>;
    /** The agent has found out which node it is. */
    identified(nodeUuid: string): void;
}
