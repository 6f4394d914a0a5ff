import { z } from "zod";
import type { AgentContext, AgentOwner, AgentState } from "./agent-context.js";
import { Agent } from "./agent.js";
import { between } from "./clock.js";
import { PowerFeed } from "./power-feed.js";
import type { StateStore } from "./state-store.js";
import { powerActionOf, type PowerMemory, setPower, systemSchema, type System } from "./system.js";

/** Restored agents go on at random times within this many milliseconds. */
const RESUME_SPREAD_MS = 3_000;

interface Host {
    system: System;
    memory: PowerMemory;
    agent: Agent | undefined;
}

const storedCommandSchema = z.object({
    id: z.string(),
    command_name: z.string(),
    command_status: z.enum(["RUNNING", "SUCCEEDED", "FAILED", "CLEAN_VERSION_MISMATCH"]),
    command_error: z.any(),
    command_result: z.any(),
    endsAt: z.number().optional(),
    outcome: z.any().optional(),
    effect: z.enum(["power-off", "reboot"]).optional(),
});
const recordSchema = z.object({
    system: systemSchema,
    memory: z.object({
        power: z.enum(["On", "Off"]).optional(),
        since: z.number().optional(),
        boot: z.string().optional(),
        seen: z.array(z.string()),
    }),
    agent: z
        .object({
            poweredAt: z.number(),
            lookupDue: z.number(),
            nodeUuid: z.string().optional(),
            token: z.string().optional(),
            heartbeatTimeoutSeconds: z.number().optional(),
            inspected: z.boolean(),
            commands: z.array(storedCommandSchema),
        })
        .nullable(),
});

/** All hosts of the pair, with their power states and the agents of those that booted the ramdisk. */
export class Fleet {
    private readonly hosts = new Map<string, Host>();
    /** Agents by the UUID of their node, by which Ironic calls them. It differs from the host's UUID. */
    private readonly byNode = new Map<string, Agent>();
    /** Tells others of changes of power. */
    readonly powerFeed = new PowerFeed(() =>
        [...this.hosts].map(([uuid, host]) => ({ uuid, ...host.memory })).filter(({ power }) => power !== undefined),
    );

    constructor(
        private readonly context: AgentContext,
        private readonly store: StateStore,
    ) {
        context.metrics.show({
            agents: () => this.count((host) => host.agent?.phase),
            hosts: () => this.count((host) => host.memory.power ?? "unknown"),
            scheduled: () => context.scheduler.size,
            queued: () => context.limiters.lookups.queued + context.limiters.others.queued,
        });
    }

    agentOf(nodeUuid: string): Agent | undefined {
        return this.byNode.get(nodeUuid.toLowerCase());
    }

    /** Power and agent of a host, for tests and reconciliation. */
    host(uuid: string): { power: "On" | "Off" | undefined; agent: Agent | undefined } | undefined {
        const host = this.hosts.get(uuid);
        return host && { power: host.memory.power, agent: host.agent };
    }

    /** All known hosts, as last reported. */
    systems(): System[] {
        return [...this.hosts.values()].map((host) => host.system);
    }

    get size(): number {
        return this.hosts.size;
    }

    /**
     * Handles a notification of sushy-tools, or news from elsewhere in the same form. It returns at once, because
     * sushy-tools answers no other request meanwhile.
     */
    notify(system: System): void {
        const { clock, metrics, log } = this.context;
        let host = this.hosts.get(system.uuid);
        const before = { power: host?.memory.power, boot: host?.memory.boot };
        if (host === undefined) {
            this.hosts.set(system.uuid, (host = { system, memory: { seen: [] }, agent: undefined }));
        }
        const changed = JSON.stringify(host.system) !== JSON.stringify(system);
        host.system = system;
        const action = powerActionOf(system, host.memory, host.agent !== undefined, clock.now());
        metrics.notifications.inc({ action: action.kind });
        if (action.kind !== "none") {
            log.info(
                { host: system.name ?? system.uuid, action: action.kind, bootDevice: system.boot_device },
                "power",
            );
        }
        if (action.kind !== "none") {
            this.stop(host);
        }
        if (action.kind === "boot") {
            this.boot(host, action.at);
        }
        const switched = before.power !== host.memory.power || before.boot !== host.memory.boot;
        if (switched) {
            this.powerFeed.tell({ uuid: system.uuid, ...host.memory });
        }
        if (changed || action.kind !== "none" || switched) {
            void this.persist(host);
        }
    }

    private boot(host: Host, at: number): void {
        const { clock, config } = this.context;
        const delay = 1000 * between(clock, config.minBootSeconds, config.maxBootSeconds);
        host.agent = this.agent(host, {
            poweredAt: clock.now(),
            lookupDue: at + delay,
            inspected: false,
            commands: [],
        });
        host.agent.start();
    }

    private stop(host: Host): void {
        const agent = host.agent;
        if (agent === undefined) {
            return;
        }
        host.agent = undefined;
        agent.stop();
        const node = agent.state.nodeUuid?.toLowerCase();
        if (node !== undefined && this.byNode.get(node) === agent) {
            this.byNode.delete(node);
        }
    }

    private agent(host: Host, state: AgentState): Agent {
        const owner: AgentOwner = {
            system: () => host.system,
            persist: () => this.persist(host),
            identified: (nodeUuid) => {
                for (const [node, each] of this.byNode) {
                    if (each === agent) {
                        this.byNode.delete(node);
                    }
                }
                this.byNode.set(nodeUuid.toLowerCase(), agent);
            },
        };
        const agent = new Agent(host.system.uuid, this.context, owner, state);
        return agent;
    }

    private persist(host: Host): Promise<void> {
        return this.store.save(host.system.uuid, () => ({
            system: host.system,
            memory: host.memory,
            agent: host.agent?.state ?? null,
        }));
    }

    /** Restores the agents that ran when the process last ended. */
    async restore(): Promise<void> {
        const records = await this.store.load((value, key) => {
            const record = recordSchema.safeParse(value);
            if (!record.success) {
                throw new Error(z.prettifyError(record.error));
            }
            if (record.data.system.uuid !== key) {
                throw new Error(`it is of another host, ${record.data.system.uuid}`);
            }
            return record.data;
        });
        for (const { system, memory, agent } of records.values()) {
            const host: Host = { system, memory, agent: undefined };
            this.hosts.set(system.uuid, host);
            this.completePower(host);
            if (agent === null) {
                continue;
            }
            host.agent = this.agent(host, agent as AgentState);
            if (agent.nodeUuid !== undefined) {
                this.byNode.set(agent.nodeUuid.toLowerCase(), host.agent);
            }
        }
        this.context.log.info({ hosts: this.hosts.size, agents: this.byNode.size }, "restored");
    }

    /** Makes up what earlier versions did not remember of a host's power. */
    private completePower(host: Host): void {
        const { memory } = host;
        if (memory.power !== undefined && memory.since === undefined) {
            setPower(memory, memory.power, true, this.context.clock.now());
            memory.since = this.context.clock.now();
            void this.persist(host);
        }
    }

    /**
     * Starts the restored agents. This is apart from `restore` because Ironic may call an agent at once, so the API
     * must be up.
     */
    resume(): void {
        for (const host of this.hosts.values()) {
            host.agent?.start(RESUME_SPREAD_MS);
        }
    }

    /** Stops all agents. Their stored state stays as it is. */
    close(): void {
        this.powerFeed.close();
        for (const host of this.hosts.values()) {
            host.agent?.stop();
        }
    }

    private count(key: (host: Host) => string | undefined): Record<string, number> {
        const counts: Record<string, number> = {};
        for (const host of this.hosts.values()) {
            const name = key(host);
            if (name !== undefined) {
                counts[name] = (counts[name] ?? 0) + 1;
            }
        }
        return counts;
    }
}
