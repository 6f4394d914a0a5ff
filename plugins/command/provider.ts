/** The replacement for the command plugin. It serves the tokens of @pulumi/command that the lab uses. */
import { randomBytes } from "node:crypto";
import { Created, ProviderDefinition, ResourceDefinition } from "../shared/definition";
import { PropertyTable } from "../shared/property";
import { Properties } from "../shared/values";
import { VERSIONS } from "../versions";
import { run } from "./run";

const LOGGING = ["stdout", "stderr", "stdoutAndStderr", "none"];

const BASE_INPUTS: PropertyTable = {
    addPreviousOutputInEnv: {
        type: "boolean",
        description:
            "Whether a run finds the output of the run before in PULUMI_COMMAND_STDOUT and PULUMI_COMMAND_STDERR. " +
            "Default true.",
        sameAsUnset: [true],
    },
    dir: {
        type: "string",
        description: "The directory to run the command in. Default: the plugin's, which is the project's.",
    },
    environment: {
        type: { map: "string" },
        description: "Environment variables for the command, besides the plugin's own.",
    },
    interpreter: {
        type: { list: "string" },
        description: 'The program and arguments that run the command. Default ["/bin/sh", "-c"].',
    },
    logging: {
        type: "string",
        description:
            "Which output is shown while the command runs: stdout, stderr, stdoutAndStderr (the default) or none.",
        rule: (value: string) => (LOGGING.includes(value) ? undefined : `must be one of ${LOGGING.join(", ")}`),
    },
    stdin: { type: "string", description: "Text for the command's standard input." },
};

const OUTPUTS: PropertyTable = {
    stderr: { type: "string", description: "The command's standard error, without its last newline.", required: true },
    stdout: { type: "string", description: "The command's standard output, without its last newline.", required: true },
};

/** The outputs of a command that has not run. */
const NOTHING: Properties = { stdout: "", stderr: "" };

const localCommand: ResourceDefinition = {
    token: "command:local:Command",
    description: "A command on this machine as a resource: one to create, one to update, one to delete.",
    inputs: {
        ...BASE_INPUTS,
        create: {
            type: "string",
            description: "The command to run when the resource is created, and on update where `update` is absent.",
        },
        delete: { type: "string", description: "The command to run when the resource is deleted." },
        triggers: {
            type: { list: "any" },
            description: "The resource is replaced when any of these values changes.",
            replace: true,
        },
        update: { type: "string", description: "The command to run when the resource's inputs change." },
    },
    outputs: OUTPUTS,
    notServed: ["archivePaths", "assetPaths"],
    // A command may print any of its inputs.
    outputsFollowSecrets: true,
    changedByUpdate: ["stdout", "stderr"],
    preview: (inputs) => (inputs["create"] === undefined ? NOTHING : {}),
    async create(inputs, context): Promise<Created> {
        const id = `${context.name}${randomBytes(4).toString("hex")}`;
        const command = inputs["create"] as string | undefined;
        return { id, outputs: command === undefined ? NOTHING : await run(command, inputs, {}, context) };
    },
    // There is nothing to look at: what a command did is known to its state only.
    read: (id, state, inputs) => Promise.resolve({ id, inputs, outputs: state }),
    async update(_id, olds, news, context) {
        const command = (news["update"] ?? news["create"]) as string | undefined;
        const last: Properties = Object.fromEntries(Object.keys(OUTPUTS).map((name) => [name, olds[name]]));
        return command === undefined ? last : run(command, news, last, context);
    },
    async delete(_id, state, context) {
        const command = state["delete"] as string | undefined;
        if (command !== undefined) {
            await run(command, state, state, context);
        }
    },
};

export const commandProvider: ProviderDefinition = {
    name: "command",
    version: VERSIONS.command,
    description: "Replacement for the command plugin, for machines that cannot download it.",
    fillsDefaults: false,
    config: {},
    configNotServed: [],
    resources: [localCommand],
};
