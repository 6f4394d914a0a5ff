import { randomUUID } from "node:crypto";
import { type Clock } from "./clock.js";
import { type CommandView, type Effect, type Plan } from "./commands.js";
import { AgentError, agentIsBusy, executionError } from "./errors.js";

/**
 * A command with the data by which this process, or a later one, ends it at `endsAt` (milliseconds since the epoch): it
 * then takes on the fields of `outcome`.
 */
export interface StoredCommand extends CommandView {
    endsAt?: number;
    outcome?: Pick<CommandView, "command_status" | "command_error" | "command_result">;
    effect?: Effect;
}

/**
 * Number of commands that are kept. Older ones are forgotten: Ironic looks at the last one, and whether there is any
 * besides `get_…_steps`.
 */
const KEPT = 64;

/** The commands that Ironic gave an agent since it booted, oldest first. At most one runs. */
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
     * Starts a command. Its outcome is known at once. An asynchronous command shows it at its end (`finish`).
     *
     * @throws AgentError if one is running, or if the command refuses its parameters (4xx)
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

    /** Waits until the command has ended, or until `release` is called. */
    async ended(command: StoredCommand): Promise<void> {
        if (command.command_status === "RUNNING") {
            await new Promise<void>((resolve) => {
                this.waiting.push(resolve);
            });
        }
    }

    /** Ends all waits for commands, whether the commands have ended or not. */
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
        // A 4xx is about the content of the request, so the request fails instead of the command.
        if (error.code >= 400 && error.code < 500) {
            throw error;
        }
        const status = error.type === "VersionMismatch" ? "CLEAN_VERSION_MISMATCH" : "FAILED";
        return { command_status: status, command_error: error.serialize(), command_result: null };
    }
}

/** The command in the form in which Ironic sees it. */
export function viewOf(command: StoredCommand): CommandView {
    const { id, command_name, command_status, command_error, command_result } = command;
    return { id, command_name, command_status, command_error, command_result };
}
