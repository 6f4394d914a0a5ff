import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { withLock } from "../cache/lock";
import { look, run, tailOfFile } from "../run";
import { aptInstall } from "./apt";
import { decideDocker, type DockerFacts } from "./facts";

/** How long a started dockerd may take until it answers. Cold, with an empty /var/lib/docker, it took 4 s. */
const START_LIMIT_MS = 90_000;

export interface DockerOptions {
    /** Folder of the toolchain's cache: the daemon's log and the lock are kept there. */
    root: string;
    notice?: (text: string) => void;
    signal?: AbortSignal | undefined;
}

/** What Docker says about itself, as far as the lab asks. */
export interface DockerInfo {
    version: string;
    /** "1" or "2". */
    cgroup: string;
    storage: string;
    /** Bytes of memory the daemon can use. */
    memory: number;
    cpus: number;
    /** Where images and volumes are kept. */
    dataRoot: string;
    architecture: string;
}

/** The line of `docker info`'s output that says why it failed. It prints what it knows of itself as JSON before, with fields named Error. */
export const complaintOf = (output: string): string | undefined =>
    output
        .split("\n")
        .map((line) => line.trim())
        .find((line) => !line.startsWith("{") && /error|denied|cannot/i.test(line));

async function ask(): Promise<{ info?: DockerInfo; complaint: string }> {
    try {
        const text = await run("docker", ["info", "--format", "{{json .}}"], { timeoutMs: 20_000 });
        const said = JSON.parse(text) as Record<string, unknown>;
        const errors = said["ServerErrors"];
        if (Array.isArray(errors) && errors.length > 0) {
            return { complaint: errors.join("; ") };
        }
        return {
            complaint: "",
            info: {
                version: String(said["ServerVersion"]),
                cgroup: String(said["CgroupVersion"] ?? "1"),
                storage: String(said["Driver"]),
                memory: Number(said["MemTotal"]),
                cpus: Number(said["NCPU"]),
                dataRoot: String(said["DockerRootDir"]),
                architecture: String(said["Architecture"]),
            },
        };
    } catch (error) {
        return { complaint: complaintOf((error as { tail?: string }).tail ?? "") ?? (error as Error).message };
    }
}

/** `docker info`, or undefined when Docker does not answer. Starts nothing. */
export async function dockerInfo(): Promise<DockerInfo | undefined> {
    return (await ask()).info;
}

function osRelease(): string[] {
    try {
        const text = readFileSync("/etc/os-release", "utf8");
        return ["ID", "ID_LIKE"].flatMap(
            (key) => new RegExp(`^${key}=(.*)$`, "m").exec(text)?.[1]?.replace(/["']/g, "").split(" ") ?? [],
        );
    } catch {
        return [];
    }
}

/** By dockerd's pid file: other daemons' processes, in containers, can be seen from here as well. */
function daemonRunning(): boolean {
    try {
        const pid = readFileSync("/var/run/docker.pid", "utf8").trim();
        return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "dockerd";
    } catch {
        return false;
    }
}

function onPath(command: string): boolean {
    const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin", "/usr/local/sbin"];
    return folders.some((folder) => folder !== "" && existsSync(join(folder, command)));
}

/** Looks at Docker and the machine. Changes nothing. */
export async function dockerFacts(): Promise<DockerFacts & { info?: DockerInfo }> {
    const client = onPath("docker");
    const asked: { info?: DockerInfo; complaint: string } = client
        ? await ask()
        : { complaint: "there is no docker command" };
    const context =
        client && !process.env["DOCKER_HOST"]
            ? await look("docker", ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"])
            : undefined;
    const host = process.env["DOCKER_HOST"] || context;
    return {
        ...(asked.info ? { info: asked.info } : {}),
        answers: asked.info !== undefined,
        complaint: asked.complaint,
        remote: host && host !== "unix:///var/run/docker.sock" && host !== "unix:///run/docker.sock" ? host : undefined,
        client,
        daemon: onPath("dockerd"),
        daemonRunning: daemonRunning(),
        root: process.geteuid?.() === 0,
        distribution: osRelease(),
        systemd: existsSync("/run/systemd/system"),
    };
}

async function waitUntilItAnswers(log: string, signal: AbortSignal | undefined): Promise<DockerInfo> {
    const end = Date.now() + START_LIMIT_MS;
    let complaint = "";
    while (Date.now() < end) {
        signal?.throwIfAborted();
        const asked = await ask();
        if (asked.info !== undefined) {
            return asked.info;
        }
        complaint = asked.complaint;
        await new Promise((done) => setTimeout(done, 500));
    }
    const tail = await tailOfFile(log, 10);
    throw new Error(
        `Docker did not answer within ${START_LIMIT_MS / 1000} s (${complaint})${tail ? `; the end of ${log}:\n${tail}` : ""}`,
    );
}

/**
 * Starts dockerd by hand, for machines without an init system. It gets a session of its own, so it outlives this command and takes no Ctrl-C.
 * A second one would refuse to start because of the first's pid file; it is not tried when one is there.
 */
function startDaemon(log: string): void {
    const out = openSync(log, "a");
    const child = spawn("dockerd", [], { detached: true, stdio: ["ignore", out, out], cwd: "/" });
    child.on("error", () => undefined); // said by the wait, with the log
    child.unref();
    closeSync(out);
}

/**
 * Makes sure that Docker answers: uses what is there, else installs and starts it where the lab may (see `decideDocker`).
 * @throws Error with the one message that says what to do
 */
export async function ensureDocker(options: DockerOptions): Promise<DockerInfo> {
    const facts = await dockerFacts();
    if (facts.info !== undefined) {
        return facts.info;
    }
    const log = join(options.root, "logs", "dockerd.log");
    await mkdir(join(options.root, "logs"), { recursive: true });
    return withLock(
        join(options.root, "locks", "dockerd"),
        "Docker ready",
        async () => {
            // Once more under the lock: another run may have started it. Two rounds, because installing is followed by starting.
            for (let round = 0; round < 2; round += 1) {
                const seen = await dockerFacts();
                const decision = decideDocker(seen);
                if (decision.do === "use" && seen.info !== undefined) {
                    return seen.info;
                }
                if (decision.do === "give-up") {
                    throw new Error(decision.message);
                }
                if (decision.do === "install-and-start") {
                    options.notice?.("installing docker.io");
                    await aptInstall(["docker.io"], {
                        log: join(options.root, "logs", "apt.log"),
                        signal: options.signal,
                    });
                    continue; // its package may have started it already
                }
                if (decision.do === "start") {
                    options.notice?.(
                        decision.how === "systemctl" ? "starting docker.service" : `starting dockerd (log ${log})`,
                    );
                    if (decision.how === "systemctl") {
                        await run("systemctl", ["start", "docker"], { timeoutMs: START_LIMIT_MS, log });
                    } else {
                        startDaemon(log);
                    }
                }
                return waitUntilItAnswers(log, options.signal);
            }
            throw new Error("docker.io was installed, but its commands docker and dockerd are not to be found");
        },
        { signal: options.signal, onWait: () => options.notice?.("another run is starting Docker: waiting for it") },
    );
}
