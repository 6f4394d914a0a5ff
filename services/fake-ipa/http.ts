import { readFileSync } from "node:fs";
import { Agent, type Dispatcher, request } from "undici";

/** An answer. `json` is undefined where the body is not JSON. */
export interface Answer {
    status: number;
    json: unknown;
    text: string;
}

/** No answer came: refused, closed, timed out, too large or garbled. */
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

/** Larger answers are refused: a lookup carries a node with its instance information, at most a config drive (64 MiB is Ironic's limit for one). */
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
     * Sends a request and reads its answer whole, whatever its status.
     *
     * @param timeoutMs for everything, connecting to the last byte
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
