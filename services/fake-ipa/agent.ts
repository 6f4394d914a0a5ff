import type { Logger } from "pino";
import type { AgentContext, AgentOwner, AgentState } from "./agent-context.js";
import { AgentRequests } from "./agent-requests.js";
import { between } from "./clock.js";
import { CommandLog, type StoredCommand } from "./command-log.js";
import { planCommand } from "./commands.js";
import { inventoryOf } from "./inventory.js";
import { powerHost } from "./power.js";
import { RETRY } from "./timing.js";

/** How long after its request a power change may be notified of: sushy-tools notifies while it handles the request. */
const POWER_OFF_MS = 60_000;

/**
 * The agent of one ramdisk, from power-on to power-off. It waits until the boot is over, looks itself up at Ironic,
 * sends its inventory, and then sends heartbeats and carries out commands.
 *
 * It sends one request at a time, the one that is due first, and sleeps in the scheduler in between.
 */
export class Agent {
    readonly commands: CommandLog;
    private readonly stopping = new AbortController();
    private readonly requests: AgentRequests;
    /** Whether a request is under way, or waits for its turn. */
    private busy = false;
    private poweringOff = false;
    private readonly log: Logger;

    constructor(
        readonly uuid: string,
        private readonly context: AgentContext,
        private readonly owner: AgentOwner,
        readonly state: AgentState,
    ) {
        this.commands = new CommandLog(state.commands, context.clock);
        this.log = context.log.child({ host: owner.system().name ?? uuid });
        this.requests = new AgentRequests(context, {
            state,
            owner,
            log: this.log,
            signal: this.stopping.signal,
            hasCommands: () => this.commands.commands.length > 0,
        });
    }

    get phase(): AgentRequests["phase"] | "powering-off" {
        return this.poweringOff ? "powering-off" : this.requests.phase;
    }

    /**
     * @param spreadMs a restored agent goes on after a random part of this many milliseconds, so that hundreds of
     *     agents do not send requests at the same moment
     */
    start(spreadMs = 0): void {
        if (spreadMs > 0) {
            this.requests.resume(this.context.clock.now() + between(this.context.clock, 0, spreadMs));
            if (this.commands.running !== undefined) {
                this.awaitEnd(this.commands.running);
            }
        }
        this.sleep();
    }

    /** The host loses its power: the agent sends nothing any more, and calls that wait for a command are answered. */
    stop(): void {
        this.stopping.abort();
        this.context.scheduler.cancel(this.uuid);
        this.context.scheduler.cancel(`${this.uuid}/command`);
        this.commands.release();
    }

    get stopped(): boolean {
        return this.stopping.signal.aborted;
    }

    /** Ironic has called this agent with the right token, so it has noticed the heartbeat. */
    contacted(): void {
        this.context.activity.last = this.context.clock.now();
        if (this.requests.called(this.busy)) {
            this.sleep();
        }
    }

    /**
     * Starts a command that Ironic posted.
     *
     * @throws AgentError
     */
    execute(name: string, params: Record<string, unknown>): StoredCommand {
        const plan = planCommand(name, params, {
            config: this.context.config,
            inventory: () => inventoryOf(this.owner.system(), this.context.config),
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
            // The answer is sent before the power goes off.
            this.poweringOff = true;
            this.context.scheduler.cancel(this.uuid);
            this.context.clock.after(0, () => {
                void this.guard(this.power(command.effect === "reboot" ? "ForceRestart" : "ForceOff"));
            });
        } else if (asynchronous) {
            this.requests.heartbeatUntilCalled(this.context.clock.now());
            this.sleep();
        }
    }

    private async power(type: "ForceOff" | "ForceRestart"): Promise<void> {
        const taken = await powerHost(this.uuid, type, this.context, this.stopping.signal, this.log);
        if (this.stopped) {
            return;
        }
        // A notification of the power change ends this agent. Without one the host has stayed on, and its agent with
        // it.
        this.context.scheduler.schedule(this.uuid, this.context.clock.now() + (taken ? POWER_OFF_MS : 0), () => {
            if (taken) {
                this.log.warn("the BMC accepted the power request, but sushy-tools notified of no power change");
            }
            this.poweringOff = false;
            this.sleep();
        });
    }

    /** Sleeps until the next request is due. */
    private sleep(): void {
        if (this.busy || this.stopped || this.poweringOff) {
            return;
        }
        this.context.scheduler.schedule(this.uuid, this.requests.due, () => {
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
            await this.context.limiters[this.requests.limiter].run(async () => {
                if (!this.stopped) {
                    await this.requests.send();
                }
            });
        } catch (error) {
            // The host is still on, so its agent goes on. It waits first, so that an error in our code cannot make it
            // spin.
            this.requests.postpone(this.context.clock.now() + 1000 * RETRY.error.first);
            throw error;
        } finally {
            this.busy = false;
            this.sleep();
        }
    }
}
