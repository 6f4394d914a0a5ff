/** The connection to the Docker daemon. */
import type Docker from "dockerode";
import { Properties } from "../shared/values";

let configuredHost: string | undefined;
let connection: Promise<Docker> | undefined;

/**
 * Takes the address from `host` of the provider's configuration; without it from DOCKER_HOST, else it is the local
 * socket.
 */
export function configure(config: Properties): void {
    configuredHost = config["host"] as string | undefined;
    connection = undefined;
}

/** The rule that a daemon's address breaks, or undefined. */
export function hostComplaint(host: string): string | undefined {
    return /^unix:\/\/\/.+|^(tcp|http|https):\/\/[^/:]+(:\d+)?\/?$/.test(host)
        ? undefined
        : "must be unix:///PATH or tcp://HOST:PORT (this replacement plugin implements no other)";
}

/** The client, connected on first use: loading it takes longer than starting the plugin. */
export function docker(): Promise<Docker> {
    connection ??= connect();
    return connection;
}

async function connect(): Promise<Docker> {
    const { default: Client } = await import("dockerode");
    const host = configuredHost ?? process.env["DOCKER_HOST"];
    const complaint = host === undefined || host === "" ? undefined : hostComplaint(host);
    if (complaint !== undefined) {
        throw new Error(`DOCKER_HOST ${complaint}, but is ${JSON.stringify(host)}`);
    }
    if (configuredHost?.startsWith("unix://")) {
        return new Client({ socketPath: configuredHost.slice("unix://".length) });
    }
    if (configuredHost !== undefined) {
        const url = new URL(configuredHost);
        const secure = url.protocol === "https:";
        return new Client({
            protocol: secure ? "https" : "http",
            host: url.hostname,
            port: url.port === "" ? (secure ? 2376 : 2375) : Number(url.port),
        });
    }
    return new Client();
}

/** An error of Docker's API. */
interface ApiError extends Error {
    statusCode?: number;
    json?: { message?: string };
    code?: string;
}

export function isNotFound(error: unknown): boolean {
    return (error as ApiError).statusCode === 404;
}

/** The daemon's own words, without the library's "(HTTP code 409) unexpected -". */
export function reason(error: unknown): string {
    const api = error as ApiError;
    if (api.code === "ENOENT" || api.code === "ECONNREFUSED" || api.code === "EACCES") {
        const address = configuredHost ?? process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
        return `cannot reach Docker at ${address} (${api.code}); is dockerd running, and may this user reach it?`;
    }
    return api.json?.message ?? api.message ?? String(error);
}

/** The object, or undefined where Docker has none. @throws for every other error, in the daemon's words. */
export async function inspected<T>(inspect: Promise<T>): Promise<T | undefined> {
    try {
        return await inspect;
    } catch (error) {
        if (isNotFound(error)) {
            return undefined;
        }
        throw new Error(reason(error), { cause: error });
    }
}
