import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { errorText } from "../../lib/error-text";
import { processStat } from "../../lib/proc";
import { CommandError, look, run } from "../run";
import type { DockerFacts } from "./decision";

/** The answers of `docker info` that the lab uses. */
export interface DockerInfo {
    version: string;
    /** Version of the control groups: "1" or "2". */
    cgroup: string;
    /** The storage driver. */
    storage: string;
    /** The folder that holds images and volumes. */
    dataRoot: string;
}

/** The fields of `docker info --format '{{json .}}'` that the lab reads. */
interface DockerAnswer {
    /** Why the daemon did not answer; the other fields are then the client's alone. */
    ServerErrors?: string[];
    ServerVersion: string;
    /** Absent before Docker 20.10. */
    CgroupVersion?: string;
    Driver: string;
    DockerRootDir: string;
}

/**
 * The line of `docker info`'s output that says why it failed. The client first prints JSON about itself, which has
 * fields named Error as well.
 */
export const complaintOf = (output: string): string | undefined =>
    output
        .split("\n")
        .map((line) => line.trim())
        .find((line) => !line.startsWith("{") && /error|denied|cannot/i.test(line));

/** Longest answer to `docker info`, milliseconds. It took more than 20 s on a machine that is ten times slower. */
const INFO_LIMIT_MS = 60_000;

/** Asks Docker about itself. Starts nothing. @returns its answer, or the complaint that came instead */
export async function askDocker(): Promise<{ info?: DockerInfo; complaint: string }> {
    try {
        const text = await run("docker", ["info", "--format", "{{json .}}"], { timeoutMs: INFO_LIMIT_MS });
        const said = JSON.parse(text) as DockerAnswer;
        if (said.ServerErrors !== undefined && said.ServerErrors.length > 0) {
            return { complaint: said.ServerErrors.join("; ") };
        }
        return {
            complaint: "",
            info: {
                version: said.ServerVersion,
                cgroup: said.CgroupVersion ?? "1",
                storage: said.Driver,
                dataRoot: said.DockerRootDir,
            },
        };
    } catch (error) {
        return { complaint: complaintOf(error instanceof CommandError ? error.tail : "") ?? errorText(error) };
    }
}

/** The distribution and those it descends from: ID and ID_LIKE of /etc/os-release. */
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

/**
 * Looks at the process of dockerd's pid file: a search among all processes would also find daemons inside containers.
 */
function daemonRunning(): boolean {
    try {
        return processStat(Number(readFileSync("/var/run/docker.pid", "utf8")))?.name === "dockerd";
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
        ? await askDocker()
        : { complaint: "there is no docker command" };
    const context =
        client && !process.env["DOCKER_HOST"]
            ? await look("docker", ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"])
            : undefined;
    const host = process.env["DOCKER_HOST"] || context;
    return {
        ...(asked.info ? { info: asked.info } : {}),
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
