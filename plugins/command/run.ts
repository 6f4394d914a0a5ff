/** Running one shell command for a resource: its input, environment, output, logging and end. */
import { spawn } from "node:child_process";
import { StringDecoder } from "node:string_decoder";
import { Context } from "../shared/definition";
import { Properties } from "../shared/values";

/** Milliseconds from SIGTERM to SIGKILL of a command's process group. */
const KILL_AFTER_MS = 5_000;
const SHELL = ["/bin/sh", "-c"];

/** The ends of the process groups that run now, by the id of their leader. Each ends with the plugin at the latest. */
const running = new Map<number, Promise<void>>();

interface Captured {
    stdout: string;
    stderr: string;
}

/**
 * Runs the command and returns stdout and stderr.
 *
 * @param previous the outputs of the resource's last create or update. The command finds its stdout and stderr in
 * PULUMI_COMMAND_STDOUT and PULUMI_COMMAND_STDERR, unless addPreviousOutputInEnv is false.
 * @throws Error with the output where the command cannot start, does not end with 0, or is cancelled
 */
export async function run(
    command: string,
    inputs: Properties,
    previous: Properties,
    context: Context,
): Promise<Properties> {
    const interpreter = inputs["interpreter"] as string[] | undefined;
    const [program = "/bin/sh", ...args] = [
        ...(interpreter === undefined || interpreter.length === 0 ? SHELL : interpreter),
        command,
    ];
    const directory = (inputs["dir"] as string | undefined) ?? process.cwd();
    const captured = await execute(program, args, command, directory, environment(inputs, previous), inputs, context);
    return { stdout: trim(captured.stdout), stderr: trim(captured.stderr) };
}

function environment(inputs: Properties, previous: Properties): NodeJS.ProcessEnv {
    const result: NodeJS.ProcessEnv = {
        ...process.env,
        ...(inputs["environment"] as Record<string, string> | undefined),
    };
    if (inputs["addPreviousOutputInEnv"] !== false) {
        for (const [name, value] of [
            ["PULUMI_COMMAND_STDOUT", previous["stdout"]],
            ["PULUMI_COMMAND_STDERR", previous["stderr"]],
        ] as const) {
            if (typeof value === "string" && value !== "") {
                result[name] = value;
            }
        }
    }
    return result;
}

function execute(
    program: string,
    args: string[],
    command: string,
    directory: string,
    env: NodeJS.ProcessEnv,
    inputs: Properties,
    context: Context,
): Promise<Captured> {
    return new Promise((resolve, reject) => {
        context.signal.throwIfAborted();
        // A process group of its own: the children of a shell must end with the shell.
        const child = spawn(program, args, { cwd: directory, env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
        const captured: Captured = { stdout: "", stderr: "" };
        let both = "";
        const logging = (inputs["logging"] as string | undefined) ?? "stdoutAndStderr";
        for (const name of ["stdout", "stderr"] as const) {
            const decoder = new StringDecoder("utf8");
            const logged = logging === name || logging === "stdoutAndStderr";
            const lines = lineSplitter((line) => (logged ? context.progress(line) : undefined));
            child[name].on("data", (chunk: Buffer) => {
                const text = decoder.write(chunk);
                captured[name] += text;
                both += text;
                lines.write(text);
            });
            child[name].on("end", () => lines.end());
        }
        // A command that does not read its input closes the pipe. That is no error.
        child.stdin.on("error", () => undefined);
        child.stdin.end((inputs["stdin"] as string | undefined) ?? "");

        const cancel = (): void => killGroup(child.pid);
        context.signal.addEventListener("abort", cancel, { once: true });
        if (child.pid !== undefined) {
            running.set(child.pid, new Promise((ended) => child.once("close", () => ended())));
        }
        child.once("error", (error) => {
            context.signal.removeEventListener("abort", cancel);
            reject(new Error(`cannot run ${JSON.stringify(program)} in ${directory}: ${error.message}`));
        });
        child.once("close", (code, signal) => {
            context.signal.removeEventListener("abort", cancel);
            running.delete(child.pid as number);
            if (code === 0) {
                resolve(captured);
                return;
            }
            const how = signal === null ? `exit status ${code}` : `signal ${signal}`;
            const why = context.signal.aborted ? `cancelled (${how})` : how;
            reject(new Error(`${why}: running ${JSON.stringify(command)}:\n${both}`));
        });
    });
}

/** Sends SIGTERM to the whole group, and later SIGKILL to what is left of it. */
function killGroup(pid: number | undefined): void {
    if (pid === undefined) {
        return;
    }
    signalGroup(pid, "SIGTERM");
    setTimeout(() => signalGroup(pid, "SIGKILL"), KILL_AFTER_MS).unref();
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
    try {
        process.kill(-pid, signal);
    } catch (error) {
        // ESRCH: the whole group has ended.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
            throw error;
        }
    }
}

/** Ends every command that still runs, by force after {@link KILL_AFTER_MS}, because the plugin ends. */
export async function endAll(): Promise<void> {
    const groups = [...running];
    groups.forEach(([pid]) => signalGroup(pid, "SIGTERM"));
    const late = setTimeout(() => groups.forEach(([pid]) => signalGroup(pid, "SIGKILL")), KILL_AFTER_MS);
    await Promise.all(groups.map(([, ended]) => ended));
    clearTimeout(late);
}

function trim(text: string): string {
    return text.endsWith("\n") ? text.slice(0, -1) : text;
}

function lineSplitter(emit: (line: string) => void): { write(text: string): void; end(): void } {
    let rest = "";
    return {
        write(text) {
            const lines = (rest + text).split("\n");
            rest = lines.pop() ?? "";
            lines.forEach(emit);
        },
        end() {
            if (rest !== "") {
                emit(rest);
            }
        },
    };
}
