import { timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { z } from "zod";
import { AGENT_VERSION, type AgentContext } from "./agent-context.js";
import type { Agent } from "./agent.js";
import { viewOf } from "./command-log.js";
import { AgentError, badRequest, notFound, unauthorized } from "./errors.js";
import type { Fleet } from "./fleet.js";
import { systemSchema } from "./system.js";

/** Largest request in bytes. A deploy step holds the config drive twice, and Ironic's limit for one is 64 MiB. */
const BODY_LIMIT = 192 * 1024 * 1024;
/**
 * Longest wait of a request for the end of a command, in milliseconds. Ironic gives up after `[agent]command_timeout`,
 * 60 s by default.
 */
const WAIT_MS = 120_000;

interface AgentRoute {
    Params: { node: string; id?: string };
    Querystring: { wait?: string; agent_token?: string };
}

const commandSchema = z.object({ name: z.string(), params: z.record(z.string(), z.unknown()) });

/**
 * The service's HTTP interface: `PUT /` for sushy-tools, `/<node>/v1/…` for Ironic (the API of ironic-python-agent, one
 * path per agent), `/metrics` and `/healthz`.
 */
export async function buildServer(fleet: Fleet, context: AgentContext, ready: () => boolean): Promise<FastifyInstance> {
    const { config, metrics } = context;
    const options = {
        loggerInstance: context.log as FastifyBaseLogger,
        disableRequestLogging: true,
        bodyLimit: BODY_LIMIT,
        keepAliveTimeout: 75_000,
        forceCloseConnections: true as const,
    };
    const server: FastifyInstance =
        config.certFile === undefined
            ? fastify(options)
            : fastify({
                  ...options,
                  https: { cert: readFileSync(config.certFile), key: readFileSync(config.keyFile!) },
              });

    // Ironic and sushy-tools send "application/json". Like ironic-python-agent, this server reads JSON whatever the
    // content type.
    server.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => {
        try {
            done(null, JSON.parse(body as string));
        } catch {
            done(badRequest("the body is not JSON"), undefined);
        }
    });
    server.setErrorHandler((error, _request, reply) =>
        refuse(error as Error & { statusCode?: number }, reply, context),
    );
    server.setNotFoundHandler((_request, reply) =>
        refuse(new AgentError("NotFound", 404, "Not found", "The requested URL was not found."), reply, context),
    );

    server.put("/", (request, reply) => {
        const system = systemSchema.safeParse(request.body);
        if (!system.success) {
            throw badRequest(`this is not a system of sushy-tools: ${z.prettifyError(system.error)}`);
        }
        fleet.notify(system.data);
        return reply.code(204).send();
    });
    server.get("/healthz", (_request, reply) =>
        reply.code(ready() ? 200 : 503).send({ status: ready() ? "ok" : "not ready", hosts: fleet.size }),
    );
    server.get("/metrics", async (_request, reply) =>
        reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
    );

    server.get("/power", (_request, reply) => {
        // The answer lasts until either side ends.
        reply.hijack();
        fleet.powerFeed.follow(reply.raw);
    });

    // Paths exist with and without the version, as in ironic_python_agent/api/app.py.
    for (const root of ["/:node/v1", "/:node"]) {
        agentRoutes(server, fleet, root);
    }
    server.get<AgentRoute>("/:node/v1/", (request) => {
        known(fleet, request);
        return {
            id: "v1",
            links: [],
            commands: [{ href: `/${request.params.node}/v1/commands`, rel: "self" }],
            status: [{ href: `/${request.params.node}/v1/status`, rel: "self" }],
        };
    });
    server.get<AgentRoute>("/:node/", (request) => {
        known(fleet, request);
        return {
            name: "OpenStack Ironic Python Agent API",
            description: "A fake provisioning agent for OpenStack Ironic",
            versions: [{ id: "v1" }],
            default_version: { id: "v1" },
        };
    });
    return server;
}

function agentRoutes(server: FastifyInstance, fleet: Fleet, root: string): void {
    server.get<AgentRoute>(`${root}/status`, (request) => {
        const agent = known(fleet, request);
        return { started_at: agent.state.poweredAt / 1000, version: AGENT_VERSION };
    });
    server.get<AgentRoute>(`${root}/commands/`, (request) => ({
        commands: authorized(fleet, request).commands.commands.map(viewOf),
    }));
    server.get<AgentRoute>(`${root}/commands/:id`, async (request) => {
        const agent = authorized(fleet, request);
        const command = agent.commands.find(request.params.id!);
        if (command === undefined) {
            throw notFound("Command Result", request.params.id!);
        }
        if (request.query.wait?.toLowerCase() === "true") {
            await within(agent.commands.ended(command));
        }
        return viewOf(command);
    });
    server.post<AgentRoute>(`${root}/commands/`, async (request) => {
        const agent = authorized(fleet, request);
        const body = commandSchema.safeParse(request.body);
        if (!body.success) {
            throw badRequest("Missing or invalid name or params");
        }
        const command = agent.execute(body.data.name, body.data.params);
        if (request.query.wait?.toLowerCase() === "true") {
            await within(agent.commands.ended(command));
        }
        return viewOf(command);
    });
}

/** @throws AgentError 404 if no agent runs on the node: its host is off, or belongs to another pair */
function known(fleet: Fleet, request: FastifyRequest<AgentRoute>): Agent {
    const agent = fleet.agentOf(request.params.node);
    if (agent === undefined) {
        throw notFound("Agent", request.params.node);
    }
    return agent;
}

/** @throws AgentError 404 as `known`, and 401 if the token is not the agent's */
function authorized(fleet: Fleet, request: FastifyRequest<AgentRoute>): Agent {
    const agent = known(fleet, request);
    const given = Buffer.from(String(request.query.agent_token ?? ""));
    const own = Buffer.from(agent.state.token ?? "");
    if (own.length === 0 || given.length !== own.length || !timingSafeEqual(given, own)) {
        throw unauthorized();
    }
    agent.contacted();
    return agent;
}

async function within(work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
        work,
        new Promise<void>((resolve) => {
            timer = setTimeout(resolve, WAIT_MS);
        }),
    ]);
    clearTimeout(timer);
}

/**
 * Answers with an error in the form of ironic-python-agent's: Ironic reads `faultstring` of every refusal and fails
 * without one.
 */
function refuse(error: Error & { statusCode?: number }, reply: FastifyReply, context: AgentContext): FastifyReply {
    const status = error instanceof AgentError ? error.code : (error.statusCode ?? 500);
    context.metrics.refused.inc({ status: String(status) });
    if (status >= 500 && !(error instanceof AgentError)) {
        context.metrics.errors.inc({ where: "server" });
        context.log.error(
            { err: error, url: reply.request.url.replace(/agent_token=[^&]*/, "agent_token=***") },
            "unexpected error",
        );
    } else {
        context.log.debug({ reason: error.message, method: reply.request.method, status }, "refused");
    }
    return reply
        .code(status)
        .type("application/json")
        .send({ faultcode: status >= 500 ? "Server" : "Client", faultstring: error.message });
}
