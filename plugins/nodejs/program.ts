/** Running a Pulumi program: the arguments, environment and exit codes of @pulumi/pulumi's own runner (cmd/run). */
import { createRequire } from "node:module";
import { join } from "node:path";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import { RuntimeOptions } from "./options";
import { Ending } from "./processes";

/**
 * Exit code of a program whose error the runner has shown already (nodeJSProcessExitedAfterLoggingUserActionableMessage
 * in cmd/run).
 */
const ERROR_SHOWN = 32;

/**
 * The runner of the @pulumi/pulumi that the program itself uses.
 *
 * @param runner `run` for programs, `run-plugin` for plugins in TypeScript.
 * @throws where it is not installed.
 */
export function runnerOf(directory: string, runner: "run" | "run-plugin"): string {
    try {
        return createRequire(join(directory, "index.js")).resolve(`@pulumi/pulumi/cmd/${runner}`);
    } catch (error) {
        throw new Error(
            `${directory} has no @pulumi/pulumi in its node_modules; ` +
                "have you run `npm install` or `pulumi install`?",
            { cause: error },
        );
    }
}

/**
 * Keeps colours out of errors that are turned into text.
 *
 * Node 20.20 and some later releases do not stop colouring a stack trace that names a file right beneath a scope
 * (nodejs/node#64011), and the source maps of @pulumi/pulumi name such files: `node_modules/@pulumi/resource.ts`. Every
 * error of a program took 20 s or more, until the text was longer than a string can be. The option is one word with
 * `--import=`, because the runner looks for an option `--import` of its own.
 */
const PLAIN_ERRORS = `--import=data:text/javascript,${encodeURIComponent(
    `import util from "node:util";
const inspect = util.inspect;
const isColoured = (value, options) => value instanceof Error && options?.colors === true;
const plain = (value, options, ...rest) =>
    inspect(value, isColoured(value, options) ? { ...options, colors: false } : options, ...rest);
util.inspect = Object.assign(plain, inspect);`,
)}`;

/** node's arguments for a run: node's own, the runner, its flags, the program and the program's arguments. */
export function runArguments(
    request: pb.RunRequest,
    runner: string,
    options: RuntimeOptions,
    engineAddress: string,
): string[] {
    const info = request.getInfo();
    const flags: [name: string, value: string][] = [
        ["monitor", request.getMonitorAddress()],
        ["engine", engineAddress],
        ["organization", request.getOrganization()],
        ["project", request.getProject()],
        ["root-directory", info?.getRootDirectory() ?? ""],
        ["stack", request.getStack()],
        ["pwd", request.getPwd()],
        ["parallel", String(request.getParallel())],
    ];
    const entry = info?.getEntryPoint() ?? "";
    return [
        PLAIN_ERRORS,
        ...options.nodeArguments,
        runner,
        ...flags.flatMap(([name, value]) => (value === "" ? [] : [`--${name}`, value])),
        ...(request.getDryrun() ? ["--dry-run"] : []),
        entry === "" ? "." : entry,
        ...request.getArgsList(),
    ];
}

/** The environment a program runs in. PULUMI_NODEJS_TRANSPILE_ONLY and the like pass through from ours. */
export function runEnvironment(request: pb.RunRequest, options: RuntimeOptions): NodeJS.ProcessEnv {
    const config = Object.fromEntries(request.getConfigMap().getEntryList());
    return {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify(config),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
        ...typescriptEnvironment(options),
    };
}

export function typescriptEnvironment(options: RuntimeOptions): NodeJS.ProcessEnv {
    return {
        PULUMI_NODEJS_TYPESCRIPT: String(options.typescript),
        ...(options.tsconfig === "" ? {} : { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
    };
}

/** The answer to the engine, by the program's end. */
export function runResponse(ending: Ending): pb.RunResponse {
    const response = new pb.RunResponse();
    if (ending.code === ERROR_SHOWN) {
        return response.setBail(true);
    }
    if (ending.signal !== null) {
        return response.setError(`Program was ended by ${ending.signal}`);
    }
    return ending.code === 0 ? response : response.setError(`Program exited with non-zero exit code: ${ending.code}`);
}
