import type { Logger } from "pino";
import { AGENT_VERSION, type AgentContext, type AgentOwner, type AgentState } from "./agent-context.js";
import { between } from "./clock.js";
import { CommandLog, type StoredCommand } from "./command-log.js";
import { planCommand } from "./commands.js";
import { inventoryOf } from "./inventory.js";
import type { Heartbeat } from "./ironic-client.js";
import { powerHost } from "./power.js";
import { backoff, EAGER_SECONDS, heartbeatInterval, RETRY } from "./timing.js";

/** How long after its request a power change may become known: sushy-tools notifies while it takes the request. */
const POWER_OFF_MS = 60_000;

export type AgentPhase = "booting" | "looking-up" | "inspecting" | "heartbeating" | "powering-off";

/**
 * One ramdisk's agent, from power-on to power-off: it waits out the boot, asks Ironic who it is, hands in its inventory, then beats and carries
 * out commands.
 *
 * It does one request at a time, always the one that is due first, and sleeps in the scheduler in between.
 */
export class Agent {
    readonly commands: CommandLog;
    private readonly stopping = new AbortController();
    private busy = false;
    private poweringOff = false;
    private lookupWanted: boolean;
    private lookups = 0;
    private inspectDue = 0;
    private inspections = 0;
    private heartbeatDue = 0;
    private heartbeatErrors = 0;
    /** Tokens refused in a row. */
    private refusals = 0;
    /** How many quick heartbeats are still to follow if Ironic does not react; see `wakeIronic`. */
    private eager = 0;
    private heartbeatWanted = false;
    private readonly log: Logger;

    constructor(
        readonly uuid: string,
        private readonly context: AgentContext,
        private readonly owner: AgentOwner,
        readonly state: AgentState,
    ) {
        this.commands = new CommandLog(state.commands, context.clock);
        this.lookupWanted = state.nodeUuid === undefined || state.token === undefined;
        this.log = context.log.child({ host: owner.system().name ?? uuid });
    }

    get phase(): AgentPhase {
        if (this.poweringOff) {
            return "powering-off";
        }
        if (this.state.nodeUuid === undefined && this.lookups === 0) {
            return "booting";
        }
        if (this.lookupWanted) {
            return "looking-up";
        }
        return this.inspectionDue() < Infinity ? "inspecting" : "heartbeating";
    }

    /** @param spreadMs a restored agent resumes after a random part of this, so that hundreds do not all speak at once */
    start(spreadMs = 0): void {
        const now = this.context.clock.now();
        if (spreadMs > 0) {
            const resume = now + between(this.context.clock, 0, spreadMs);
            this.inspectDue = resume;
            this.state.lookupDue = Math.max(this.state.lookupDue, resume);
            this.wakeIronic(resume);
            if (this.commands.running !== undefined) {
                this.awaitEnd(this.commands.running);
            }
        }
        this.sleep();
    }

    /** The host loses its power: nothing is sent any more, and whoever waits for a command is let go. */
    stop(): void {
        this.stopping.abort();
        this.context.scheduler.cancel(this.uuid);
        this.context.scheduler.cancel(`${this.uuid}/command`);
        this.commands.release();
    }

    get stopped(): boolean {
        return this.stopping.signal.aborted;
    }

    /** Ironic asked something of this agent, with the right token: it has heard the heartbeat. */
    contacted(): void {
        this.context.activity.last = this.context.clock.now();
        if (this.eager === 0) {
            return;
        }
        this.eager = 0;
        if (this.busy || this.heartbeatWanted) {
            return;
        }
        this.heartbeatDue =
            this.context.clock.now() + heartbeatInterval(this.context.clock, this.state.heartbeatTimeoutSeconds!);
        this.sleep();
    }

    /**
     * Starts a command that Ironic posted.
     *
     * @throws AgentError
     */
    execute(name: string, params: Record<string, unknown>): StoredCommand {
        const plan = planCommand(name, params, {
            config: this.context.config,
            inventory: () => inventoryOf(this.owner.system()),
            journal: () => [
                `fake agent of ${this.uuid}`,
                ...this.commands.commands.map((command) => `${command.command_name}: ${command.command_status}`),
            ],
        });
        const command = this.commands.start(plan);
        this.log.info(
            { command: name, id: command.id, step: (params["step"] as { step?: unknown } | undefined)?.step },
            "command",
        );
        if (command.command_status === "RUNNING") {
            this.awaitEnd(command);
        } else {
            this.ended(command, plan.asynchronous);
        }
        return command;
    }

    private awaitEnd(command: StoredCommand): void {
        this.context.scheduler.schedule(`${this.uuid}/command`, command.endsAt ?? 0, () => {
            this.commands.finish(command);
            this.ended(command, true);
        });
        void this.owner.persist();
    }

    private ended(command: StoredCommand, asynchronous: boolean): void {
        this.context.metrics.commands.inc({ command: command.command_name, status: command.command_status });
        if (command.command_error !== null) {
            this.log.warn({ command: command.command_name, error: command.command_error }, "command failed");
        }
        void this.owner.persist();
        if (command.effect !== undefined && command.command_status === "SUCCEEDED") {
            // The answer goes out before the power does.
            this.poweringOff = true;
            this.context.scheduler.cancel(this.uuid);
            this.context.clock.after(0, () => {
                void this.guard(this.power(command.effect === "reboot" ? "ForceRestart" : "ForceOff"));
            });
        } else if (asynchronous) {
            this.wakeIronic(this.context.clock.now());
            this.sleep();
        }
    }

    private async power(type: "ForceOff" | "ForceRestart"): Promise<void> {
        const taken = await powerHost(this.uuid, type, this.context, this.stopping.signal, this.log);
        if (this.stopped) {
            return;
        }
        // The notification ends this agent. Where none comes the host has stayed on, and its agent with it.
        this.context.scheduler.schedule(this.uuid, this.context.clock.now() + (taken ? POWER_OFF_MS : 0), () => {
            if (taken) {
                this.log.warn("the BMC took the power request, but no power change was heard of");
            }
            this.poweringOff = false;
            this.sleep();
        });
    }

    /**
     * Has Ironic look at this agent from `at` on: a heartbeat, and some more at growing distances until Ironic calls. Ironic answers a heartbeat with
     * 202 even when it then skips it because the node is locked, as just after a step was sent; the agent would wait 0.3 to 0.6 of the timeout.
     */
    private wakeIronic(at: number): void {
        this.heartbeatDue = at;
        this.heartbeatWanted = true;
        this.eager = EAGER_SECONDS.length;
    }

    private inspectionDue(): number {
        // Once Ironic gives commands, the node is cleaning or deploying, not inspecting.
        return this.state.inspected || this.commands.commands.length > 0 ? Infinity : this.inspectDue;
    }

    /** Sleeps until the next thing is due. */
    private sleep(): void {
        if (this.busy || this.stopped || this.poweringOff) {
            return;
        }
        const due = this.lookupWanted ? this.state.lookupDue : Math.min(this.inspectionDue(), this.heartbeatDue);
        this.context.scheduler.schedule(this.uuid, due, () => {
            void this.guard(this.act());
        });
    }

    private async guard(work: Promise<void>): Promise<void> {
        try {
            await work;
        } catch (error) {
            this.context.metrics.errors.inc({ where: "agent" });
            this.log.error({ err: error }, "unexpected error");
        }
    }

    private async act(): Promise<void> {
        this.busy = true;
        try {
            await this.context.limiters[this.lookupWanted ? "lookups" : "others"].run(async () => {
                if (this.stopped) {
                    return;
                }
                if (this.lookupWanted) {
                    await this.lookup();
                } else if (this.inspectionDue() <= Math.min(this.heartbeatDue, this.context.clock.now())) {
                    await this.inspect();
                } else if (this.heartbeatDue <= this.context.clock.now()) {
                    await this.beat();
                }
            });
        } catch (error) {
            // Whatever it was, the host is on and its agent goes on; not at once, so that an error in our code cannot spin.
            const later = this.context.clock.now() + 1000 * RETRY.error.first;
            this.state.lookupDue = this.inspectDue = this.heartbeatDue = later;
            throw error;
        } finally {
            this.busy = false;
            this.sleep();
        }
    }

    private async lookup(): Promise<void> {
        const { clock, metrics, ironic } = this.context;
        const mac = this.owner.system().nics[0]!.mac.toLowerCase();
        const result = await metrics.timed("lookup", ironic.lookup(mac, this.stopping.signal));
        if (this.stopped) {
            return;
        }
        const lost =
            result.kind === "found" &&
            result.token === undefined &&
            (this.state.token === undefined || this.state.nodeUuid !== result.nodeUuid);
        const outcome = lost ? "token-gone" : result.kind;
        metrics.lookups.inc({ result: outcome });
        if (result.kind !== "found" || lost) {
            const retry =
                result.kind === "locked"
                    ? RETRY.locked
                    : result.kind === "not-expected"
                      ? RETRY.notExpected
                      : RETRY.error;
            this.state.lookupDue = clock.now() + backoff(clock, retry, this.lookups++);
            this.log[result.kind === "error" || lost ? "warn" : "debug"](
                { result: outcome, ...(result.kind === "error" ? { reason: result.reason } : {}) },
                lost
                    ? "Ironic gave this agent's token out before; it gives a new one after the next power change"
                    : "lookup",
            );
            return;
        }
        this.lookups = 0;
        this.lookupWanted = false;
        if (this.state.nodeUuid === undefined) {
            metrics.boots.observe((clock.now() - this.state.poweredAt) / 1000);
        }
        this.state.nodeUuid = result.nodeUuid;
        this.state.heartbeatTimeoutSeconds = result.heartbeatTimeoutSeconds;
        if (result.token !== undefined) {
            this.state.token = result.token;
        }
        this.owner.identified(result.nodeUuid);
        this.log.info({ node: result.nodeUuid, heartbeatTimeout: result.heartbeatTimeoutSeconds }, "identified");
        await this.owner.persist(); // the token is shown once: on disk before anything follows from it
        this.inspectDue = clock.now();
        this.wakeIronic(clock.now() + (this.refusals > 0 ? backoff(clock, RETRY.error, this.refusals) : 0));
    }

    private async inspect(): Promise<void> {
        const { clock, metrics, ironic } = this.context;
        const system = this.owner.system();
        const result = await metrics.timed(
            "inspection",
            ironic.inspect(system.nics[0]!.mac.toLowerCase(), inventoryOf(system), this.stopping.signal),
        );
        if (this.stopped) {
            return;
        }
        metrics.inspections.inc({ result: result.kind });
        if (result.kind === "accepted") {
            this.state.inspected = true;
            this.log.info({ node: this.state.nodeUuid }, "inspected");
            void this.owner.persist();
            this.wakeIronic(clock.now());
            return;
        }
        // Not inspecting yet, or not at all: only Ironic knows, so it is asked again, ever more rarely.
        const retry =
            result.kind === "locked"
                ? RETRY.locked
                : result.kind === "not-inspecting"
                  ? RETRY.notInspecting
                  : RETRY.error;
        this.inspectDue = clock.now() + backoff(clock, retry, this.inspections++);
        if (result.kind === "error") {
            this.log.warn({ reason: result.reason }, "inspection");
        }
    }

    private async beat(): Promise<void> {
        const { clock, metrics, ironic } = this.context;
        const { nodeUuid, token, heartbeatTimeoutSeconds } = this.state;
        this.heartbeatWanted = false;
        const message: Heartbeat = {
            callback_url: this.callbackUrl(),
            agent_token: token!,
            agent_version: AGENT_VERSION,
        };
        if (this.context.verifyCa !== undefined) {
            message.agent_verify_ca = this.context.verifyCa;
        }
        const result = await metrics.timed("heartbeat", ironic.heartbeat(nodeUuid!, message, this.stopping.signal));
        if (this.stopped) {
            return;
        }
        metrics.heartbeats.inc({ result: result.kind });
        let wait: number;
        if (result.kind === "accepted") {
            this.context.activity.last = clock.now();
            this.heartbeatErrors = this.refusals = 0;
            wait = heartbeatInterval(clock, heartbeatTimeoutSeconds!);
            if (this.eager > 0) {
                wait = Math.min(
                    wait,
                    backoff(
                        clock,
                        { first: EAGER_SECONDS[EAGER_SECONDS.length - this.eager--]!, factor: 1, most: Infinity },
                        0,
                    ),
                );
            }
        } else {
            wait = backoff(
                clock,
                result.kind === "locked" ? RETRY.locked : RETRY.error,
                result.kind === "locked" ? 0 : this.heartbeatErrors++,
            );
            this.log[result.kind === "locked" ? "debug" : "warn"](
                { result: result.kind, ...("reason" in result ? { reason: result.reason } : {}) },
                "heartbeat",
            );
            // One refusal may be Ironic about to cut the power; a node that is gone may come back under another UUID.
            if (result.kind === "unknown-node" || (result.kind === "bad-token" && ++this.refusals > 1)) {
                this.lookupWanted = true;
                this.state.lookupDue = clock.now() + wait;
            }
        }
        // A command may have ended while the heartbeat was under way: its own heartbeat is due, now.
        if (!this.heartbeatWanted || result.kind !== "accepted") {
            this.heartbeatDue = clock.now() + wait;
        }
    }

    private callbackUrl(): string {
        const { advertiseIp, advertisePort, certFile } = this.context.config;
        const host = advertiseIp.includes(":") ? `[${advertiseIp}]` : advertiseIp;
        return `${certFile === undefined ? "http" : "https"}://${host}:${advertisePort}/${this.state.nodeUuid}`;
    }
}
