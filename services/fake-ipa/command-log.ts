import { randomUUID } from "node:crypto";
import { type Clock } from "./clock.js";
import { type CommandView, type Effect, type Plan } from "./commands.js";
import { AgentError, agentIsBusy, executionError } from "./errors.js";

/** A command with what is needed to end it, also by a later process. Ends at `endsAt` (ms); what it then comes to is in `outcome`. */
export interface StoredCommand extends CommandView {
    endsAt?: number;
    outcome?: Pick<CommandView, "command_status" | "command_error" | "command_result">;
    effect?: Effect;
}

/** Commands beyond this many are forgotten, oldest first: Ironic looks at the last, and whether there is one besides get_…_steps. */
const KEPT = 64;

/** The commands an agent was given since it booted, oldest first. At most one runs. */
export class CommandLog {
    private readonly waiting: (() => void)[] = [];

    constructor(
        readonly commands: StoredCommand[],
        private readonly clock: Clock,
    ) {}

    get running(): StoredCommand | undefined {
        const last = this.commands.at(-1);
        return last?.command_status === "RUNNING" ? last : undefined;
    }

    find(id: string): StoredCommand | undefined {
        return this.commands.find((command) => command.id === id);
    }

    /**
     * Starts a command. What it will come to is known at once; an asynchronous one shows it when its time is over (`finish`).
     *
     * @throws AgentError when one is running, or when the command itself refuses its parameters (4xx)
     */
    start(plan: Plan): StoredCommand {
        const running = this.running;
        if (running !== undefined) {
            throw agentIsBusy(running.command_name);
        }
        const command: StoredCommand = {
            id: randomUUID(),
            command_name: plan.name,
            command_status: "RUNNING",
            command_error: null,
            command_result: null,
            endsAt: this.clock.now() + plan.seconds * 1000,
            outcome: outcomeOf(plan),
            ...(plan.effect === undefined ? {} : { effect: plan.effect }),
        };
        this.commands.push(command);
        if (this.commands.length > KEPT) {
            this.commands.splice(0, this.commands.length - KEPT);
        }
        if (!plan.asynchronous || plan.seconds === 0) {
            this.finish(command);
        }
        return command;
    }

    finish(command: StoredCommand): void {
        Object.assign(command, command.outcome);
        delete command.outcome;
        delete command.endsAt;
        this.release();
    }

    /** Waits until the command has ended or `release` is called. */
    async ended(command: StoredCommand): Promise<void> {
        if (command.command_status === "RUNNING") {
            await new Promise<void>((resolve) => {
                this.waiting.push(resolve);
            });
        }
    }

    /** Lets go of everybody who waits for a command, ended or not. */
    release(): void {
        for (const resolve of this.waiting.splice(0)) {
            resolve();
        }
    }
}

function outcomeOf(plan: Plan): NonNullable<StoredCommand["outcome"]> {
    try {
        return { command_status: "SUCCEEDED", command_error: null, command_result: plan.execute() };
    } catch (thrown) {
        const error = thrown instanceof AgentError ? thrown : executionError(String(thrown));
        if (error.code >= 400 && error.code < 500) {
            throw error;
        } // content errors are the request's, not the command's
        const status = error.type === "VersionMismatch" ? "CLEAN_VERSION_MISMATCH" : "FAILED";
        return { command_status: status, command_error: error.serialize(), command_result: null };
    }
}

/** As it is shown to Ironic. */
export function viewOf(command: StoredCommand): CommandView {
    const { id, command_name, command_status, command_error, command_result } = command;
    return { id, command_name, command_status, command_error, command_result };
}
