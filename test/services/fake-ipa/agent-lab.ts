import type { AgentContext } from "../../../services/fake-ipa/agent-context.js";
import { Fleet } from "../../../services/fake-ipa/fleet.js";
import type {
    HeartbeatResult,
    InspectionResult,
    Ironic,
    LookupResult,
} from "../../../services/fake-ipa/ironic-client.js";
import { Limiter } from "../../../services/fake-ipa/limiter.js";
import { Metrics } from "../../../services/fake-ipa/metrics.js";
import type { Redfish } from "../../../services/fake-ipa/redfish-client.js";
import { Scheduler } from "../../../services/fake-ipa/scheduler.js";
import { StateStore } from "../../../services/fake-ipa/state-store.js";
import { FakeClock, nodeOf, silent, testConfig } from "./support.js";

interface Event {
    kind: "lookup" | "inspect" | "heartbeat";
    index: number;
    at: number;
    token?: string;
}

/** Ironic's answer to the lookup of a known host. */
export const found =
    (token: string | undefined) =>
    (index: number): LookupResult => ({
        kind: "found",
        nodeUuid: nodeOf(index),
        heartbeatTimeoutSeconds: 60,
        token,
    });

/** Ironic in this process, under the fake clock. */
export class FakeIronic implements Ironic {
    readonly events: Event[] = [];
    lookupResult: (index: number) => LookupResult = (index) => found(`token-${index}`)(index);
    inspectResult: () => InspectionResult = () => ({ kind: "accepted" });
    heartbeatResult: (index: number) => HeartbeatResult | Promise<HeartbeatResult> = () => ({ kind: "accepted" });
    running = 0;
    most = 0;
    constructor(private readonly clock: FakeClock) {}
    async lookup(mac: string): Promise<LookupResult> {
        const parts = mac.split(":");
        const index = Number.parseInt(parts[4]! + parts[5]!, 16);
        this.events.push({ kind: "lookup", index, at: this.clock.now() });
        return this.lookupResult(index);
    }
    async inspect(mac: string): Promise<InspectionResult> {
        const parts = mac.split(":");
        this.events.push({ kind: "inspect", index: Number.parseInt(parts[4]! + parts[5]!, 16), at: this.clock.now() });
        return this.inspectResult();
    }
    async heartbeat(node: string, { agent_token }: { agent_token: string }): Promise<HeartbeatResult> {
        const index = Number(node.slice(-12));
        this.events.push({ kind: "heartbeat", index, at: this.clock.now(), token: agent_token });
        this.most = Math.max(this.most, ++this.running);
        try {
            return await this.heartbeatResult(index);
        } finally {
            this.running--;
        }
    }
    of(kind: Event["kind"], index?: number): Event[] {
        return this.events.filter((event) => event.kind === kind && (index === undefined || event.index === index));
    }
}

/** Hosts of a pair with their agents, without HTTP. */
export function setup(
    changes: Parameters<typeof testConfig>[0] = {},
    redfish?: Redfish,
): {
    clock: FakeClock;
    ironic: FakeIronic;
    fleet: Fleet;
    scheduler: Scheduler;
    metrics: Metrics;
    context: AgentContext;
} {
    const clock = new FakeClock();
    const ironic = new FakeIronic(clock);
    const metrics = new Metrics(false);
    const config = testConfig({ concurrency: 32, ...changes });
    const scheduler = new Scheduler(clock, (error) => {
        throw error;
    });
    const context: AgentContext = {
        config,
        clock,
        scheduler,
        ironic,
        redfish,
        metrics,
        log: silent,
        verifyCa: undefined,
        activity: { last: 0 },
        limiters: { lookups: new Limiter(config.concurrency), others: new Limiter(config.concurrency) },
    };
    const fleet = new Fleet(context, new StateStore(undefined, metrics, silent));
    return { clock, ironic, fleet, scheduler, metrics, context };
}

/** Distances between events, in seconds. */
export const gaps = (events: Event[]): number[] =>
    events.slice(1).map((event, index) => (event.at - events[index]!.at) / 1000);
