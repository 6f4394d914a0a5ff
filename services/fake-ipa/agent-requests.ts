import type { Logger } from "pino";
import { AGENT_VERSION, type AgentContext, type AgentOwner, type AgentState } from "./agent-context.js";
import { inventoryOf } from "./inventory.js";
import type { Heartbeat, HeartbeatResult } from "./ironic-client.js";
import { backoff, HEARTBEAT_REPEATS, heartbeatInterval, RETRY } from "./timing.js";

/** What the requests need to know of their agent. */
export interface Requester {
    state: AgentState;
    owner: AgentOwner;
    log: Logger;
    /** Ends requests that are under way. */
    signal: AbortSignal;
    /** Whether Ironic has given the agent a command since it booted. */
    hasCommands: () => boolean;
}

/** An agent's requests to Ironic. Each has a time at which it is due, in milliseconds since the epoch. */
export class AgentRequests {
    private lookupWanted: boolean;
    private lookups = 0;
    private inspectionTime = 0;
    private inspections = 0;
    private heartbeatTime = 0;
    private heartbeatErrors = 0;
    /** Number of heartbeats in a row that Ironic refused for their token. */
    private refusals = 0;
    /** Number of early heartbeats that still follow if Ironic does not call; see `heartbeatUntilCalled`. */
    private repeats = 0;
    /** Whether a heartbeat was asked for that has not been sent yet. */
    private heartbeatWanted = false;

    constructor(
        private readonly context: AgentContext,
        private readonly agent: Requester,
    ) {
        this.lookupWanted = agent.state.nodeUuid === undefined || agent.state.token === undefined;
    }

    get phase(): "booting" | "looking-up" | "inspecting" | "heartbeating" {
        if (this.agent.state.nodeUuid === undefined && this.lookups === 0) {
            return "booting";
        }
        if (this.lookupWanted) {
            return "looking-up";
        }
        return this.inspectionDue() < Infinity ? "inspecting" : "heartbeating";
    }

    /** The limiter under which the next request runs. */
    get limiter(): keyof AgentContext["limiters"] {
        return this.lookupWanted ? "lookups" : "others";
    }

    /** When the next request is due. */
    get due(): number {
        return this.lookupWanted ? this.agent.state.lookupDue : Math.min(this.inspectionDue(), this.heartbeatTime);
    }

    /** Sends nothing before `time`. */
    postpone(time: number): void {
        this.agent.state.lookupDue = this.inspectionTime = this.heartbeatTime = time;
    }

    /** An agent of an earlier process goes on at `time`. */
    resume(time: number): void {
        this.inspectionTime = time;
        this.agent.state.lookupDue = Math.max(this.agent.state.lookupDue, time);
        this.heartbeatUntilCalled(time);
    }

    /**
     * Sends a heartbeat at `time`, and further ones at growing distances until Ironic calls the agent. Ironic answers a
     * heartbeat with 202 even if it then skips it because the node is locked, as it is just after a step was sent.
     * Without the repeats the agent would wait 0.3 to 0.6 of the heartbeat timeout for the next one.
     */
    heartbeatUntilCalled(time: number): void {
        this.heartbeatTime = time;
        this.heartbeatWanted = true;
        this.repeats = HEARTBEAT_REPEATS.length;
    }

    /**
     * Ironic has called the agent, so it has noticed the heartbeat: the early repeats are dropped.
     *
     * @param busy whether a request is under way, which sets the next heartbeat itself
     * @returns whether the next heartbeat's time has changed
     */
    called(busy: boolean): boolean {
        if (this.repeats === 0) {
            return false;
        }
        this.repeats = 0;
        if (busy || this.heartbeatWanted) {
            return false;
        }
        const { clock } = this.context;
        this.heartbeatTime = clock.now() + heartbeatInterval(clock, this.agent.state.heartbeatTimeoutSeconds!);
        return true;
    }

    /** Sends the request that is due, if one is. */
    async send(): Promise<void> {
        const now = this.context.clock.now();
        if (this.lookupWanted) {
            await this.lookup();
        } else if (this.inspectionDue() <= Math.min(this.heartbeatTime, now)) {
            await this.inspect();
        } else if (this.heartbeatTime <= now) {
            await this.heartbeat();
        }
    }

    private inspectionDue(): number {
        // Once Ironic gives commands, the node is in cleaning or deployment, not in inspection.
        return this.agent.state.inspected || this.agent.hasCommands() ? Infinity : this.inspectionTime;
    }

    private async lookup(): Promise<void> {
        const { clock, metrics, ironic } = this.context;
        const { state, owner, log, signal } = this.agent;
        const mac = owner.system().nics[0]!.mac.toLowerCase();
        const result = await metrics.timed("lookup", ironic.lookup(mac, signal));
        if (signal.aborted) {
            return;
        }
        const lost =
            result.kind === "found" &&
            result.token === undefined &&
            (state.token === undefined || state.nodeUuid !== result.nodeUuid);
        const outcome = lost ? "token-gone" : result.kind;
        metrics.lookups.inc({ result: outcome });
        if (result.kind !== "found" || lost) {
            const retry = result.kind === "found" ? RETRY.error : RETRY[result.kind];
            state.lookupDue = clock.now() + backoff(clock, retry, this.lookups++);
            log[result.kind === "error" || lost ? "warn" : "debug"](
                { result: outcome, ...(result.kind === "error" ? { reason: result.reason } : {}) },
                lost
                    ? "Ironic gave this agent's token out before; it gives a new one after the next power change"
                    : "lookup",
            );
            return;
        }
        this.lookups = 0;
        this.lookupWanted = false;
        if (state.nodeUuid === undefined) {
            metrics.boots.observe((clock.now() - state.poweredAt) / 1000);
        }
        state.nodeUuid = result.nodeUuid;
        state.heartbeatTimeoutSeconds = result.heartbeatTimeoutSeconds;
        if (result.token !== undefined) {
            state.token = result.token;
        }
        owner.identified(result.nodeUuid);
        log.info({ node: result.nodeUuid, heartbeatTimeout: result.heartbeatTimeoutSeconds }, "identified");
        // Ironic shows the token once, so it is on disk before anything follows from it.
        await owner.persist();
        this.inspectionTime = clock.now();
        this.heartbeatUntilCalled(clock.now() + (this.refusals > 0 ? backoff(clock, RETRY.error, this.refusals) : 0));
    }

    private async inspect(): Promise<void> {
        const { clock, metrics, ironic, config } = this.context;
        const { state, owner, log, signal } = this.agent;
        const system = owner.system();
        const result = await metrics.timed(
            "inspection",
            ironic.inspect(system.nics[0]!.mac.toLowerCase(), inventoryOf(system, config), signal),
        );
        if (signal.aborted) {
            return;
        }
        metrics.inspections.inc({ result: result.kind });
        if (result.kind === "accepted") {
            state.inspected = true;
            log.info({ node: state.nodeUuid }, "inspected");
            void owner.persist();
            this.heartbeatUntilCalled(clock.now());
            return;
        }
        // The node is not in inspection yet, or never will be. Only Ironic knows which, so it is asked again, less and
        // less often.
        this.inspectionTime = clock.now() + backoff(clock, RETRY[result.kind], this.inspections++);
        if (result.kind === "error") {
            log.warn({ reason: result.reason }, "inspection");
        }
    }

    private async heartbeat(): Promise<void> {
        const { clock, metrics, ironic, verifyCa } = this.context;
        const { state, signal } = this.agent;
        this.heartbeatWanted = false;
        const message: Heartbeat = {
            callback_url: this.callbackUrl(),
            agent_token: state.token!,
            agent_version: AGENT_VERSION,
            ...(verifyCa === undefined ? {} : { agent_verify_ca: verifyCa }),
        };
        const result = await metrics.timed("heartbeat", ironic.heartbeat(state.nodeUuid!, message, signal));
        if (signal.aborted) {
            return;
        }
        metrics.heartbeats.inc({ result: result.kind });
        const wait = result.kind === "accepted" ? this.afterHeartbeat() : this.afterRefusal(result);
        // A command may have ended while the heartbeat was under way. Its own heartbeat is then due at once.
        if (!this.heartbeatWanted || result.kind !== "accepted") {
            this.heartbeatTime = clock.now() + wait;
        }
    }

    /** @returns the wait until the next heartbeat, in milliseconds */
    private afterHeartbeat(): number {
        const { clock, activity } = this.context;
        activity.last = clock.now();
        this.heartbeatErrors = this.refusals = 0;
        const interval = heartbeatInterval(clock, this.agent.state.heartbeatTimeoutSeconds!);
        const repeat = HEARTBEAT_REPEATS[HEARTBEAT_REPEATS.length - this.repeats];
        if (repeat === undefined) {
            return interval;
        }
        this.repeats--;
        return Math.min(interval, backoff(clock, { first: repeat, factor: 1, most: repeat }, 0));
    }

    /** @returns the wait until the heartbeat, or a lookup in its place, is tried again, in milliseconds */
    private afterRefusal(result: Exclude<HeartbeatResult, { kind: "accepted" }>): number {
        const { clock } = this.context;
        const { state, log } = this.agent;
        const locked = result.kind === "locked";
        const wait = backoff(clock, locked ? RETRY.locked : RETRY.error, locked ? 0 : this.heartbeatErrors++);
        log[locked ? "debug" : "warn"](
            { result: result.kind, ...("reason" in result ? { reason: result.reason } : {}) },
            "heartbeat",
        );
        // Ironic may refuse one token because it is about to cut the power. A node that is gone may return under
        // another UUID.
        if (result.kind === "unknown-node" || (result.kind === "bad-token" && ++this.refusals > 1)) {
            this.lookupWanted = true;
            state.lookupDue = clock.now() + wait;
        }
        return wait;
    }

    private callbackUrl(): string {
        const { advertiseIp, advertisePort, certFile } = this.context.config;
        const host = advertiseIp.includes(":") ? `[${advertiseIp}]` : advertiseIp;
        const scheme = certFile === undefined ? "http" : "https";
        return `${scheme}://${host}:${advertisePort}/${this.agent.state.nodeUuid}`;
    }
}
