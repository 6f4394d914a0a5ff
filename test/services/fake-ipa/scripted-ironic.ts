import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { nodeOf } from "./support.js";

/** A request that Ironic received. */
export interface Seen {
    method: string;
    path: string;
    body: Record<string, unknown>;
    headers: Record<string, unknown>;
    at: number;
}

type Answer = { status: number; body?: unknown } | ((request: FastifyRequest, reply: FastifyReply) => unknown);

/** The part of Ironic that agents call. It records every request and answers as the test says. */
export class ScriptedIronic {
    readonly server: FastifyInstance = fastify({ forceCloseConnections: true });
    readonly seen: Seen[] = [];
    lookup: (index: number) => Answer = (index) => this.found(index);
    inspect: () => Answer = () => ({ status: 404, body: { error_message: { faultstring: "not inspecting" } } });
    heartbeat: (node: string) => Answer = () => ({ status: 202 });
    heartbeatTimeout = 60;
    tokens = new Map<string, string>();
    url = "";

    constructor() {
        this.server.get("/v1/lookup", (request, reply) => {
            this.note(request);
            const mac = (request.query as { addresses: string }).addresses.split(":");
            return this.answer(
                this.lookup(Number.parseInt(mac[4]!, 16) * 256 + Number.parseInt(mac[5]!, 16)),
                request,
                reply,
            );
        });
        this.server.post("/v1/continue_inspection", (request, reply) => {
            this.note(request);
            return this.answer(this.inspect(), request, reply);
        });
        this.server.post<{ Params: { node: string } }>("/v1/heartbeat/:node", (request, reply) => {
            this.note(request);
            return this.answer(this.heartbeat(request.params.node), request, reply);
        });
    }

    /**
     * Ironic's answer to a lookup: it shows the token once and then masks it, until a test deletes it from `tokens`.
     */
    found(index: number): { status: number; body: unknown } {
        const node = nodeOf(index);
        const shown = this.tokens.has(node) ? "******" : `token-of-${node}-${Math.random()}`;
        if (shown !== "******") {
            this.tokens.set(node, shown);
        }
        return {
            status: 200,
            body: {
                node: { uuid: node, properties: {}, instance_info: {} },
                config: { heartbeat_timeout: this.heartbeatTimeout, agent_token: shown, agent_token_required: true },
            },
        };
    }

    async start(port = 0): Promise<this> {
        await this.server.listen({ host: "127.0.0.1", port });
        this.url = `http://127.0.0.1:${(this.server.server.address() as { port: number }).port}`;
        return this;
    }

    of(path: RegExp): Seen[] {
        return this.seen.filter((each) => path.test(each.path));
    }

    private note(request: FastifyRequest): void {
        this.seen.push({
            method: request.method,
            path: request.url,
            body: (request.body ?? {}) as Record<string, unknown>,
            headers: request.headers,
            at: Date.now(),
        });
    }

    private answer(answer: Answer, request: FastifyRequest, reply: FastifyReply): unknown {
        if (typeof answer === "function") {
            return answer(request, reply);
        }
        return reply.code(answer.status).send(answer.body ?? "");
    }
}
