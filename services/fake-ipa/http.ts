import { readFileSync } from "node:fs";
import { Agent, type Dispatcher, request } from "undici";

/** An answer. `json` is undefined if the body is not JSON. */
export interface Answer {
    status: number;
    json: unknown;
    text: string;
}

/** There was no answer: the connection was refused or closed, or the answer was late, too large or garbled. */
export class NoAnswerError extends Error {
    constructor(
        readonly url: string,
        cause: unknown,
    ) {
        const error = cause as { message?: string; code?: string };
        super(`${url} did not answer: ${error.message || error.code || String(cause)}`, { cause });
        this.name = "NoAnswerError";
    }
}

export interface TlsOptions {
    caFile: string | undefined;
    insecure: boolean;
    certFile?: string | undefined;
    keyFile?: string | undefined;
}

/**
 * Largest answer that is accepted, in bytes. A lookup's answer holds a node with its instance information, which may
 * include a config drive: at most 64 MiB in Ironic.
 */
const MAX_ANSWER_BYTES = 80 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 5_000;

/** A client with kept-alive connections, one pool per server. */
export class HttpClient {
    private readonly agent: Agent;

    /**
     * @param tls how to check the server's certificate
     * @param connections connections per server at most
     */
    constructor(tls: TlsOptions, connections: number) {
        this.agent = new Agent({
            connections,
            pipelining: 1,
            maxResponseSize: MAX_ANSWER_BYTES,
            connect: {
                timeout: CONNECT_TIMEOUT_MS,
                rejectUnauthorized: !tls.insecure,
                ...(tls.caFile === undefined ? {} : { ca: readFileSync(tls.caFile, "utf8") }),
                ...(tls.certFile === undefined || tls.keyFile === undefined
                    ? {}
                    : { cert: readFileSync(tls.certFile, "utf8"), key: readFileSync(tls.keyFile, "utf8") }),
            },
        });
    }

    /**
     * Sends a request and reads the whole answer, whatever its status.
     *
     * @param timeoutMs for everything from connecting to the last byte
     * @param signal ends the request early
     * @throws NoAnswerError
     */
    async send(
        method: Dispatcher.HttpMethod,
        url: string,
        options: {
            headers?: Record<string, string>;
            body?: unknown;
            timeoutMs: number;
            signal?: AbortSignal | undefined;
        },
    ): Promise<Answer> {
        const timeout = AbortSignal.timeout(options.timeoutMs);
        try {
            const response = await request(url, {
                dispatcher: this.agent,
                method,
                headers: {
                    accept: "application/json",
                    ...(options.body === undefined ? {} : { "content-type": "application/json" }),
                    ...options.headers,
                },
                ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
                signal: options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]),
            });
            const text = await response.body.text();
            let json: unknown;
            try {
                json = JSON.parse(text);
            } catch {
                json = undefined;
            }
            return { status: response.statusCode, json, text };
        } catch (error) {
            throw new NoAnswerError(
                url,
                timeout.aborted ? new Error(`no answer within ${options.timeoutMs / 1000} s`) : error,
            );
        }
    }

    async close(): Promise<void> {
        await this.agent.destroy();
    }
}
