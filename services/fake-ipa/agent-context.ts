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

/** What must survive a restart of this process. Times are ms since the epoch. */
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

/** What all agents share. */
export interface AgentContext {
    config: Config;
    clock: Clock;
    scheduler: Scheduler;
    /** Lookups apart from the rest: they may wait for an answer for minutes, and heartbeats must not stand in line behind them. */
    limiters: { lookups: Limiter; others: Limiter };
    ironic: Ironic;
    redfish: Redfish | undefined;
    metrics: Metrics;
    log: Logger;
    /** The certificate Ironic shall trust in the agents' API, if it must be told (PEM). */
    verifyCa: string | undefined;
    /** When Ironic last took a heartbeat or called an agent (ms): it is then likely to call again in a moment. */
    activity: { last: number };
}

/** An agent's ties to the host it runs on. */
export interface AgentOwner {
    system(): System;
    /** Writes the agent's state; resolves when it is on disk. */
    persist(): Promise<void>;
    /** The agent learnt which node it is. */
    identified(nodeUuid: string): void;
}
