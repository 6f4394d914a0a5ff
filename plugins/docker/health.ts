/** Waiting until a container is healthy, and saying why it is not. */
import type Docker from "dockerode";
import { Context } from "../shared/definition";
import { inspected } from "./client";

const POLL_MS = 500;
/** Milliseconds between two lines of progress. */
const REPORT_MS = 10_000;
const LOG_LINES = 30;

/**
 * Waits until the container is healthy.
 *
 * @param seconds limit of the wait.
 * @param limit name of the setting from which the limit comes.
 * @throws Error with the last health check and the last lines of the container, at the limit or as soon as the
 * container has ended
 */
export async function waitHealthy(
    container: Docker.Container,
    name: string,
    seconds: number,
    limit: string,
    context: Context,
): Promise<void> {
    const start = Date.now();
    let reported = start;
    for (;;) {
        const info = await inspected(container.inspect());
        if (info === undefined) {
            throw new Error(`container ${name} is gone while waiting for it to be healthy`);
        }
        const health = info.State.Health;
        const isChecked = health !== undefined && health !== null && health.Status !== "none";
        if (!isChecked && info.State.Running) {
            throw new Error(
                `container ${name} has \`wait\`, but no healthcheck: neither in the program nor in its image`,
            );
        }
        if (health?.Status === "healthy") {
            return;
        }
        const elapsed = Math.round((Date.now() - start) / 1000);
        if (!info.State.Running && !info.State.Restarting) {
            throw new Error(
                `container ${name} ended with exit code ${info.State.ExitCode} before it was healthy` +
                    (await story(container, info)),
            );
        }
        if (Date.now() - start >= seconds * 1000) {
            throw new Error(
                `container ${name} is not healthy after ${seconds} s (${limit}), but ${health?.Status}` +
                    (await story(container, info)),
            );
        }
        if (context.signal.aborted) {
            throw new Error(`cancelled after ${elapsed} s of waiting for container ${name} to be healthy`);
        }
        if (Date.now() - reported >= REPORT_MS) {
            reported = Date.now();
            context.progress(
                `waiting for container ${name} to be healthy: ${health?.Status}, ${elapsed} of ${seconds} s`,
            );
        }
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
}

/** What the container says about itself: its last health check and its last lines. */
async function story(container: Docker.Container, info: Docker.ContainerInspectInfo): Promise<string> {
    const last = info.State.Health?.Log?.at(-1);
    const check = last === undefined ? "" : `\nlast health check (exit code ${last.ExitCode}): ${last.Output.trim()}`;
    const lines = await lastLines(container, info.Config.Tty);
    return `${check}\nlast lines of the container:\n${lines === "" ? "(it has printed nothing)" : lines}`;
}

/** The container's last lines, stdout and stderr together. */
async function lastLines(container: Docker.Container, tty: boolean): Promise<string> {
    const raw = await container.logs({ stdout: true, stderr: true, tail: LOG_LINES, follow: false });
    return (tty ? raw.toString("utf8") : demultiplex(raw)).trimEnd();
}

/**
 * The text of a log without a terminal, which Docker sends in frames: stream (1 byte), 3 bytes unused, length (4 bytes,
 * big-endian), content.
 */
export function demultiplex(raw: Buffer): string {
    const parts: Buffer[] = [];
    for (let offset = 0; offset + 8 <= raw.length;) {
        const end = offset + 8 + raw.readUInt32BE(offset + 4);
        parts.push(raw.subarray(offset + 8, end));
        offset = end;
    }
    return Buffer.concat(parts).toString("utf8");
}
