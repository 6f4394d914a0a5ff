import { gzipSync } from "node:zlib";
import { Header } from "tar";
import type { Config } from "./config.js";
import { type AgentError, invalidCommand, notFound } from "./errors.js";
import { type Inventory } from "./inventory.js";
import { executeStep, listSteps, type StepKind } from "./steps.js";

export type CommandStatus = "RUNNING" | "SUCCEEDED" | "FAILED" | "CLEAN_VERSION_MISMATCH";

/**
 * A command in the form in which Ironic sees it. Its `command_name`, by which Ironic looks for it, lacks the extension.
 */
export interface CommandView {
    id: string;
    command_name: string;
    command_status: CommandStatus;
    command_error: ReturnType<AgentError["serialize"]> | null;
    command_result: unknown;
}

/** Effect on the host after a command has succeeded. */
export type Effect = "power-off" | "reboot";

/** A command that was found, with its duration and its outcome. */
export interface Plan {
    name: string;
    /** A synchronous command has ended when it is answered. An asynchronous one runs for `seconds`. */
    asynchronous: boolean;
    seconds: number;
    /** @throws AgentError when the command fails */
    execute: () => unknown;
    effect?: Effect;
}

interface Context {
    config: Config;
    inventory: () => Inventory;
    /** The lines of the log archive. */
    journal: () => string[];
}

type Command = (context: Context, params: Record<string, unknown>) => Omit<Plan, "name">;

const sync =
    (execute: (context: Context, params: Record<string, unknown>) => unknown): Command =>
    (context, params) => ({ asynchronous: false, seconds: 0, execute: () => execute(context, params) });

const lasting =
    (
        seconds: (config: Config) => number,
        execute: (params: Record<string, unknown>, context: Context) => unknown,
        effect?: Effect,
    ): Command =>
    (context, params) => ({
        asynchronous: true,
        seconds: seconds(context.config),
        execute: () => execute(params, context),
        ...(effect === undefined ? {} : { effect }),
    });

const steps = (kind: StepKind, seconds: (config: Config) => number): Record<string, Command> => ({
    [`get_${kind}_steps`]: sync(() => listSteps(kind)),
    [`execute_${kind}_step`]: lasting(seconds, (params, { inventory }) => executeStep(kind, params, inventory().disks)),
});

const cleanSeconds = (config: Config): number => config.cleanStepSeconds;
const deploySeconds = (config: Config): number => config.deployStepSeconds;
const atOnce = (): number => 0;

/** The extensions and commands of ironic-python-agent that Ironic's agent client calls. */
const EXTENSIONS: Record<string, Record<string, Command>> = {
    clean: steps("clean", cleanSeconds),
    deploy: steps("deploy", deploySeconds),
    service: steps("service", deploySeconds),
    image: { install_bootloader: lasting(deploySeconds, () => null) },
    standby: {
        power_off: lasting(atOnce, () => null, "power-off"),
        run_image: lasting(atOnce, () => null, "reboot"),
        sync: sync(() => null),
        // The real agent answers an empty object for whole-disk images.
        get_partition_uuids: sync(() => ({})),
        cache_image: lasting(deploySeconds, () => null),
        prepare_image: lasting(deploySeconds, () => ({ result: "prepare_image: image written to device /dev/sda" })),
    },
    rescue: { finalize_rescue: lasting(deploySeconds, () => null) },
    log: { collect_system_logs: sync((context) => ({ system_logs: logArchive(context.journal()) })) },
    poll: {
        get_hardware_info: sync((context) => context.inventory()),
        set_node_info: sync(() => {
            throw invalidCommand(
                "Node lookup data can only be set when the Ironic Python Agent is running in standalone mode.",
            );
        }),
    },
};

/** A gzipped tar archive in base64, the form in which Ironic stores it. */
function logArchive(lines: string[]): string {
    const content = Buffer.from(lines.map((line) => `${line}\n`).join(""));
    const block = Buffer.alloc(512);
    new Header({
        path: "journal",
        mode: 0o644,
        uid: 0,
        gid: 0,
        size: content.length,
        mtime: new Date(),
        type: "File",
    }).encode(block, 0);
    const padding = Buffer.alloc(((512 - (content.length % 512)) % 512) + 1024);
    return gzipSync(Buffer.concat([block, content, padding])).toString("base64");
}

/**
 * Finds a command.
 *
 * @param name `<extension>.<command>`
 * @throws AgentError as ironic-python-agent does: 400 for a malformed name or an unknown command, 404 for an unknown
 *     extension
 */
export function planCommand(name: string, params: Record<string, unknown>, context: Context): Plan {
    const dot = name.indexOf(".");
    if (dot < 0) {
        throw invalidCommand("Command name must be of the form <extension>.<name>");
    }
    const extensionName = name.slice(0, dot);
    const commandName = name.slice(dot + 1);
    const extension = Object.hasOwn(EXTENSIONS, extensionName) ? EXTENSIONS[extensionName] : undefined;
    if (extension === undefined) {
        throw notFound("Extension", extensionName);
    }
    const command = Object.hasOwn(extension, commandName) ? extension[commandName] : undefined;
    if (command === undefined) {
        throw invalidCommand(`Unknown command: ${commandName}`);
    }
    return { name: commandName, ...command(context, params) };
}
