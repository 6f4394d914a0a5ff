import { z } from "zod";
import type { Clock } from "./clock.js";
import { Endpoints } from "./endpoints.js";
import { type Answer, type HttpClient, NoAnswerError } from "./http.js";
import type { Inventory } from "./inventory.js";

/**
 * The API version of ironic-python-agent's own requests. 1.84 brought `/v1/continue_inspection`, 1.62 and 1.68 brought
 * the agent's token and its certificate in heartbeats (Ironic's REST API version history).
 */
export const API_VERSION = "1.84";

/**
 * Ironic shows this in place of a token that it has given out before (ironic/conductor/manager.py,
 * get_node_with_token).
 */
const MASKED_TOKEN = "******";

const lookupSchema = z.object({
    node: z.object({ uuid: z.uuid() }),
    config: z.object({ heartbeat_timeout: z.number().positive(), agent_token: z.string().nullish() }),
});

export type LookupResult =
    | {
          kind: "found";
          nodeUuid: string;
          heartbeatTimeoutSeconds: number;
          /** Undefined if Ironic has given it out before. */
          token: string | undefined;
      }
    /** 404: no node with this MAC is in a state in which Ironic expects an agent. */
    | { kind: "not-expected" }
    | { kind: "locked" }
    | { kind: "error"; reason: string };
export type InspectionResult =
    { kind: "accepted" } | { kind: "not-inspecting" } | { kind: "locked" } | { kind: "error"; reason: string };
export type HeartbeatResult =
    | { kind: "accepted" }
    | { kind: "locked" }
    /** 404: the node is gone. */
    | { kind: "unknown-node" }
    /** The token is not the node's, or is no longer. */
    | { kind: "bad-token"; reason: string }
    | { kind: "error"; reason: string };

export interface Heartbeat {
    callback_url: string;
    agent_token: string;
    agent_version: string;
    agent_verify_ca?: string;
}

/** An agent's requests to Ironic. Tests replace them. */
export interface Ironic {
    lookup(mac: string, signal: AbortSignal): Promise<LookupResult>;
    inspect(mac: string, inventory: Inventory, signal: AbortSignal): Promise<InspectionResult>;
    heartbeat(nodeUuid: string, heartbeat: Heartbeat, signal: AbortSignal): Promise<HeartbeatResult>;
}

const faultSchema = z.object({ error_message: z.unknown(), faultstring: z.unknown(), title: z.unknown() }).partial();

/** Ironic's error text. Depending on its version it is in a JSON object, or in a second one inside `error_message`. */
export function faultOf(answer: Answer): string {
    let body = faultSchema.safeParse(answer.json).data;
    const inner = body?.error_message;
    if (typeof inner === "string") {
        try {
            body = faultSchema.safeParse(JSON.parse(inner)).data;
        } catch {
            return `${answer.status} ${inner.slice(0, 300)}`;
        }
    } else if (inner !== undefined) {
        body = faultSchema.safeParse(inner).data;
    }
    const text = body?.faultstring ?? body?.title;
    return `${answer.status} ${(typeof text === "string" ? text : answer.text).slice(0, 300)}`;
}

/** 502 to 504 come from a proxy or an API without its conductors: another server may do better. */
const otherMayAnswer = (status: number): boolean => status >= 502 && status <= 504;

const isAccepted = (answer: Answer | string): boolean =>
    typeof answer !== "string" && (answer.status === 200 || answer.status === 202);

/** The result of a request that Ironic did not accept. `absent` is the meaning of 404. */
function refusal<const Absent extends string>(
    answer: Answer | string,
    absent: Absent,
): { kind: Absent } | { kind: "locked" } | { kind: "error"; reason: string } {
    if (typeof answer === "string") {
        return { kind: "error", reason: answer };
    }
    if (answer.status === 404) {
        return { kind: absent };
    }
    return answer.status === 409 ? { kind: "locked" } : { kind: "error", reason: faultOf(answer) };
}

/** Ironic's API for ramdisks, over one or several servers. */
export class IronicClient implements Ironic {
    private readonly api: Endpoints;
    private readonly inspection: Endpoints;

    /** @param timeoutMs how long an answer may take */
    constructor(
        private readonly http: HttpClient,
        urls: { api: readonly string[]; inspection: readonly string[] },
        private readonly timeoutMs: number,
        clock: Clock,
    ) {
        this.api = new Endpoints(urls.api, clock);
        this.inspection = new Endpoints(urls.inspection, clock);
    }

    async lookup(mac: string, signal: AbortSignal): Promise<LookupResult> {
        // Ironic shows the token once. An answer after the end of the wait would be a lost token, so the wait is long.
        const timeoutMs = Math.max(this.timeoutMs, 120_000);
        const answer = await this.ask(
            this.api,
            mac,
            "GET",
            `/v1/lookup?addresses=${encodeURIComponent(mac)}`,
            undefined,
            signal,
            timeoutMs,
        );
        if (typeof answer === "string" || answer.status !== 200) {
            return refusal(answer, "not-expected");
        }
        const parsed = lookupSchema.safeParse(answer.json);
        if (!parsed.success) {
            return {
                kind: "error",
                reason: `the lookup's answer is not one of Ironic's: ${z.prettifyError(parsed.error)}`,
            };
        }
        const { node, config } = parsed.data;
        const token = config.agent_token;
        return {
            kind: "found",
            nodeUuid: node.uuid,
            heartbeatTimeoutSeconds: config.heartbeat_timeout,
            token: token === MASKED_TOKEN || !token ? undefined : token,
        };
    }

    async inspect(mac: string, inventory: Inventory, signal: AbortSignal): Promise<InspectionResult> {
        const answer = await this.ask(
            this.inspection,
            mac,
            "POST",
            "",
            { boot_interface: mac, inventory },
            signal,
            this.timeoutMs,
        );
        return isAccepted(answer) ? { kind: "accepted" } : refusal(answer, "not-inspecting");
    }

    async heartbeat(nodeUuid: string, heartbeat: Heartbeat, signal: AbortSignal): Promise<HeartbeatResult> {
        const answer = await this.ask(
            this.api,
            nodeUuid,
            "POST",
            `/v1/heartbeat/${nodeUuid}`,
            heartbeat,
            signal,
            this.timeoutMs,
        );
        if (isAccepted(answer)) {
            return { kind: "accepted" };
        }
        const result = refusal(answer, "unknown-node");
        const isClientError = typeof answer !== "string" && answer.status >= 400 && answer.status < 500;
        return result.kind === "error" && isClientError && /agent[ _]token/i.test(result.reason)
            ? { kind: "bad-token", reason: result.reason }
            : result;
    }

    /** @returns the first answer of one of the servers, or the reason why there is none */
    private async ask(
        endpoints: Endpoints,
        key: string,
        method: "GET" | "POST",
        path: string,
        body: unknown,
        signal: AbortSignal,
        timeoutMs: number,
    ): Promise<Answer | string> {
        let failure = "no URL is configured";
        for (const url of endpoints.order(key)) {
            try {
                const answer = await this.http.send(method, url + path, {
                    headers: { "X-OpenStack-Ironic-API-Version": API_VERSION },
                    body,
                    timeoutMs,
                    signal,
                });
                if (!otherMayAnswer(answer.status)) {
                    endpoints.answered(url);
                    return answer;
                }
                failure = `${url}: ${faultOf(answer)}`;
            } catch (error) {
                if (!(error instanceof NoAnswerError)) {
                    throw error;
                }
                if (signal.aborted) {
                    return "the agent was stopped";
                }
                failure = error.message;
            }
            endpoints.failed(url);
        }
        return failure;
    }
}
