import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { WaitTimeout, waitUntil } from "../../lib/wait-until";
import { withLock } from "../cache/lock";
import { failureText, run, tailOfFile } from "../run";
import { aptInstall } from "./apt";
import { decideDocker, type DockerDecision } from "./decision";
import { askDocker, dockerFacts, type DockerInfo } from "./facts";

/** Longest start of dockerd until it answers, milliseconds. With an empty /var/lib/docker it took 4 s. */
const START_LIMIT_MS = 90_000;

interface DockerOptions {
    /** Folder of the toolchain's cache, which holds the daemon's log and the lock. */
    root: string;
    notice?: (text: string) => void;
    signal?: AbortSignal | undefined;
}

async function waitUntilDockerAnswers(log: string, signal: AbortSignal | undefined): Promise<DockerInfo> {
    try {
        return await waitUntil({
            what: "Docker to answer",
            timeoutMs: START_LIMIT_MS,
            everyMs: 500,
            signal,
            look: async () => {
                const { info, complaint } = await askDocker();
                return info === undefined ? { pending: [complaint] } : { done: info };
            },
        });
    } catch (error) {
        const tail = error instanceof WaitTimeout ? await tailOfFile(log, 10) : "";
        if (tail === "") {
            throw error;
        }
        throw new Error(`${(error as WaitTimeout).message}\nthe end of ${log}:\n${tail}`, { cause: error });
    }
}

/**
 * Starts dockerd without an init system. The daemon gets a session of its own: it outlives this command, and a Ctrl-C
 * does not reach it. It refuses to start when the pid file of another dockerd is there, so `decideDocker` looks for
 * one first.
 */
function startDaemon(log: string): void {
    const out = openSync(log, "a");
    const child = spawn("dockerd", [], { detached: true, stdio: ["ignore", out, out], cwd: "/" });
    // A daemon that cannot be started does not answer either: the wait says so.
    child.on("error", () => undefined);
    child.unref();
    closeSync(out);
}

type Start = Extract<DockerDecision, { do: "start" }>;

async function start({ how }: Start, log: string, options: DockerOptions): Promise<void> {
    if (how === "systemctl") {
        options.notice?.("starting docker.service");
        await run("systemctl", ["start", "docker"], { timeoutMs: START_LIMIT_MS, log, signal: options.signal });
    } else {
        options.notice?.(`starting dockerd (log ${log})`);
        startDaemon(log);
    }
}

/** @throws Error that says what is missing where apt reaches no packages, as on a machine without a network */
export async function install(options: DockerOptions): Promise<void> {
    options.notice?.("installing docker.io");
    const log = join(options.root, "logs", "apt.log");
    try {
        await aptInstall(["docker.io"], { log, signal: options.signal });
    } catch (error) {
        options.signal?.throwIfAborted();
        throw new Error(
            `Docker is not installed, and apt cannot install docker.io (${failureText(error)}; see ${log}). Without ` +
                "a network, install Docker Engine 20.10 or newer from packages that you carry: no bundle holds it.",
            { cause: error },
        );
    }
}

/** Acts on what is seen until Docker answers. Two rounds are enough: an installation is followed by a start. */
async function bringUp(log: string, options: DockerOptions): Promise<DockerInfo> {
    for (let round = 0; round < 2; round += 1) {
        const facts = await dockerFacts();
        if (facts.info !== undefined) {
            return facts.info;
        }
        const decision = decideDocker(facts);
        if (decision.do === "give-up") {
            throw new Error(decision.message);
        }
        if (decision.do === "install") {
            await install(options);
            // The package may have started Docker already: look again.
            continue;
        }
        if (decision.do === "start") {
            await start(decision, log, options);
        }
        return waitUntilDockerAnswers(log, options.signal);
    }
    throw new Error("docker.io was installed, but its commands docker and dockerd cannot be found");
}

/**
 * Makes sure that Docker answers: uses the one that runs, or installs and starts it where `decideDocker` allows that.
 * @throws Error with one message that says what a person has to do
 */
export async function ensureDocker(options: DockerOptions): Promise<DockerInfo> {
    const { info } = await dockerFacts();
    if (info !== undefined) {
        return info;
    }
    const log = join(options.root, "logs", "dockerd.log");
    await mkdir(join(options.root, "logs"), { recursive: true });
    // One run at a time: the others find Docker started when they get the lock.
    return withLock(join(options.root, "locks", "dockerd"), "Docker ready", () => bringUp(log, options), {
        signal: options.signal,
        onWait: () => options.notice?.("waiting for another run that is starting Docker"),
    });
}
