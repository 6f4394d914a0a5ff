import { expect } from "chai";
import { Fleet } from "../../../services/fake-ipa/fleet.js";
import type {
    HeartbeatResult,
    InspectionResult,
    Ironic,
    LookupResult,
} from "../../../services/fake-ipa/ironic-client.js";
import { Limiter } from "../../../services/fake-ipa/limiter.js";
import { Metrics } from "../../../services/fake-ipa/metrics.js";
import { type Redfish, RedfishError } from "../../../services/fake-ipa/redfish-client.js";
import { Scheduler } from "../../../services/fake-ipa/scheduler.js";
import { StateStore } from "../../../services/fake-ipa/state-store.js";
import { FakeClock, macOf, nodeOf, pending, settled, silent, system, testConfig, uuidOf } from "./support.js";

interface Event {
    kind: "lookup" | "inspect" | "heartbeat";
    index: number;
    at: number;
    token?: string;
}

/** Ironic in this process, under the fake clock: answers at once, or when the test says so. */
class FakeIronic implements Ironic {
    readonly events: Event[] = [];
    lookupResult: (index: number) => LookupResult = (index) => ({
        kind: "found",
        nodeUuid: nodeOf(index),
        heartbeatTimeoutSeconds: 60,
        token: `token-${index}`,
    });
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

function setup(
    changes: Parameters<typeof testConfig>[0] = {},
    redfish?: Redfish,
): { clock: FakeClock; ironic: FakeIronic; fleet: Fleet; scheduler: Scheduler; metrics: Metrics } {
    const clock = new FakeClock();
    const ironic = new FakeIronic(clock);
    const metrics = new Metrics(false);
    const config = testConfig({ concurrency: 32, ...changes });
    const scheduler = new Scheduler(clock, (error) => {
        throw error;
    });
    const fleet = new Fleet(
        {
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
        },
        new StateStore(undefined, metrics, silent),
    );
    return { clock, ironic, fleet, scheduler, metrics };
}

const gaps = (events: Event[]): number[] =>
    events.slice(1).map((event, index) => (event.at - events[index]!.at) / 1000);

describe("fake-ipa: an agent in time", function () {
    this.timeout(20_000);

    it("boots within the configured time after the power is applied", async () => {
        const { clock, ironic, fleet } = setup({ minBootSeconds: 180, maxBootSeconds: 240 });
        const start = clock.now();
        for (let index = 0; index < 100; index++) {
            fleet.notify(pending(index, "On"));
        }
        fleet.notify(system(200, { pending_power: { power_state: "On", apply_time: start / 1000 + 9 } }));
        await clock.advance(260_000);
        const times = ironic
            .of("lookup")
            .filter((event) => event.index < 100)
            .map((event) => (event.at - start) / 1000);
        expect(times).to.have.length(100);
        expect(Math.min(...times)).to.be.within(180, 186);
        expect(Math.max(...times)).to.be.within(234, 240);
        expect((ironic.of("lookup", 200)[0]!.at - start) / 1000).to.be.within(189, 249);
    });

    it("spaces heartbeats by 0.3 to 0.6 of the timeout, 500 agents apart from one another, one queue, one timer", async () => {
        const { clock, ironic, fleet, scheduler } = setup({ concurrency: 8 });
        for (let index = 0; index < 500; index++) {
            fleet.notify(pending(index, "On"));
        }
        await clock.advance(120_000); // the first, quick ones are over
        ironic.events.length = 0;
        await clock.advance(600_000);
        expect(clock.timerCount).to.equal(1);
        expect(scheduler.size).to.equal(500);
        expect(ironic.events.every((event) => event.kind === "heartbeat")).to.equal(true);
        const all: number[] = [];
        for (let index = 0; index < 500; index++) {
            const own = gaps(ironic.of("heartbeat", index));
            expect(own.length).to.be.within(16, 34);
            all.push(...own);
        }
        expect(Math.min(...all)).to.be.at.least(18);
        expect(Math.max(...all)).to.be.at.most(36);
        expect(all.reduce((sum, gap) => sum + gap, 0) / all.length).to.be.within(26.5, 27.5);
        const perSecond = new Map<number, number>();
        for (const event of ironic.events) {
            perSecond.set(Math.floor(event.at / 1000), (perSecond.get(Math.floor(event.at / 1000)) ?? 0) + 1);
        }
        expect(Math.max(...perSecond.values())).to.be.below(50); // 18.5 on average: no herd
        expect(ironic.most).to.be.at.most(8);
    });

    it("repeats the first heartbeat at growing distances until Ironic calls", async () => {
        const { clock, ironic, fleet } = setup();
        ironic.inspectResult = () => ({ kind: "error", reason: "x" });
        fleet.notify(pending(1, "On"));
        await clock.advance(70_000);
        const distances = gaps(ironic.of("heartbeat", 1)).slice(0, 2);
        [3, 8].forEach((seconds, at) => {
            expect(distances[at]).to.be.within(seconds * 0.8, seconds * 1.2);
        });
        fleet.notify(pending(2, "On"));
        await clock.advance(4_500);
        expect(ironic.of("heartbeat", 2)).to.have.length(2);
        fleet.agentOf(nodeOf(2))!.contacted();
        await clock.advance(17_000);
        expect(ironic.of("heartbeat", 2)).to.have.length(2);
        await clock.advance(20_000);
        expect(ironic.of("heartbeat", 2)).to.have.length(3);
    });

    it("beats at once when a command ends, also while a heartbeat is under way, and never twice at a time", async () => {
        const { clock, ironic, fleet } = setup({ cleanStepSeconds: 5 });
        let release: ((result: HeartbeatResult) => void) | undefined;
        fleet.notify(pending(1, "On"));
        await clock.advance(60_000);
        const agent = fleet.agentOf(nodeOf(1))!;
        agent.contacted();
        ironic.events.length = 0;
        agent.execute("clean.execute_clean_step", { step: { step: "erase_devices" } });
        const started = clock.now();
        await clock.advance(5_000);
        expect(ironic.of("heartbeat").map((event) => event.at - started)).to.include(5_000);
        agent.contacted();
        ironic.events.length = 0;
        ironic.heartbeatResult = () =>
            new Promise((resolve) => {
                release = resolve;
            });
        await clock.advance(40_000);
        expect(ironic.of("heartbeat")).to.have.length(1); // it hangs
        agent.execute("clean.execute_clean_step", { step: { step: "erase_devices" } });
        await clock.advance(60_000);
        expect(ironic.of("heartbeat")).to.have.length(1);
        release!({ kind: "accepted" });
        await settled();
        await clock.advance(0);
        expect(ironic.of("heartbeat")).to.have.length(2);
        expect(ironic.most).to.equal(1);
    });

    it("beats again after about 3 s when the node is locked, ever later on errors, and forgets them on success", async () => {
        const { clock, ironic, fleet } = setup();
        fleet.notify(pending(1, "On"));
        await clock.advance(60_000);
        ironic.events.length = 0;
        ironic.heartbeatResult = () => ({ kind: "locked" });
        await clock.advance(120_000);
        const locked = gaps(ironic.of("heartbeat"));
        expect(Math.min(...locked)).to.be.at.least(2.4);
        expect(Math.max(...locked)).to.be.at.most(3.6);
        ironic.events.length = 0;
        ironic.heartbeatResult = () => ({ kind: "error", reason: "500" });
        await clock.advance(300_000);
        const errors = gaps(ironic.of("heartbeat"));
        expect(errors[0]).to.be.within(2.4, 3.6);
        expect(errors.at(-1)).to.be.within(24, 36);
        expect(ironic.of("lookup")).to.have.length(0);
        ironic.heartbeatResult = () => ({ kind: "accepted" });
        await clock.advance(100_000);
        ironic.events.length = 0;
        ironic.heartbeatResult = () => ({ kind: "error", reason: "500" });
        await clock.advance(60_000);
        expect(gaps(ironic.of("heartbeat"))[0]).to.be.within(2.4, 3.6);
    });

    it("looks itself up again and again, more rarely each time, until the host is off", async () => {
        const { clock, ironic, fleet } = setup();
        for (const [kind, first, most] of [
            ["not-expected", 1, 30],
            ["locked", 3, 5],
            ["error", 3, 30],
        ] as const) {
            ironic.events.length = 0;
            ironic.lookupResult = () => (kind === "error" ? { kind, reason: "500" } : { kind });
            fleet.notify(pending(1, "On"));
            await clock.advance(600_000);
            const distances = gaps(ironic.of("lookup"));
            expect(distances[0]).to.be.within(first * 0.8, first * 1.2);
            for (const last of distances.slice(-5)) {
                expect(last).to.be.within(most * 0.8, most * 1.2);
            }
            expect(ironic.of("heartbeat").length + ironic.of("inspect").length).to.equal(0);
            fleet.notify(pending(1, "Off"));
            ironic.events.length = 0;
            await clock.advance(600_000);
            expect(ironic.events).to.deep.equal([]);
        }
    });

    it("tries inspection again after a 404, as the node may turn to inspecting, until it is accepted or commands come", async () => {
        const { clock, ironic, fleet } = setup();
        ironic.inspectResult = () => ({ kind: "not-inspecting" });
        fleet.notify(pending(1, "On"));
        await clock.advance(30_000);
        expect(gaps(ironic.of("inspect"))[0]).to.be.within(2.4, 3.6);
        expect(ironic.of("inspect").length).to.be.within(4, 6);
        ironic.inspectResult = () => ({ kind: "accepted" });
        await clock.advance(60_000);
        const accepted = ironic.of("inspect").length;
        await clock.advance(3_600_000);
        expect(ironic.of("inspect")).to.have.length(accepted);
        ironic.inspectResult = () => ({ kind: "not-inspecting" });
        fleet.notify(pending(2, "On"));
        await clock.advance(5_000);
        fleet.agentOf(nodeOf(2))!.execute("clean.get_clean_steps", {});
        const before = ironic.of("inspect", 2).length;
        await clock.advance(3_600_000);
        expect(ironic.of("inspect", 2)).to.have.length(before);
    });

    it("keeps a token that is refused once, asks for another when it is refused again, and never forgets one for a mask", async () => {
        const { clock, ironic, fleet } = setup();
        fleet.notify(pending(1, "On"));
        await clock.advance(60_000);
        ironic.events.length = 0;
        let refuse = 1;
        ironic.heartbeatResult = () => (refuse-- > 0 ? { kind: "bad-token", reason: "400" } : { kind: "accepted" });
        await clock.advance(120_000);
        expect(ironic.of("lookup")).to.have.length(0);
        refuse = 2;
        ironic.lookupResult = (index) => ({
            kind: "found",
            nodeUuid: nodeOf(index),
            heartbeatTimeoutSeconds: 60,
            token: undefined,
        });
        await clock.advance(120_000);
        expect(ironic.of("lookup")).to.have.length(1);
        expect(ironic.of("heartbeat").at(-1)!.token).to.equal("token-1");
        refuse = 2;
        ironic.lookupResult = (index) => ({
            kind: "found",
            nodeUuid: nodeOf(index),
            heartbeatTimeoutSeconds: 60,
            token: "new",
        });
        await clock.advance(120_000);
        expect(ironic.of("heartbeat").at(-1)!.token).to.equal("new");
    });

    it("does not become anybody without a token, and takes the new one Ironic gives later", async () => {
        const { clock, ironic, fleet } = setup();
        ironic.lookupResult = (index) => ({
            kind: "found",
            nodeUuid: nodeOf(index),
            heartbeatTimeoutSeconds: 60,
            token: undefined,
        });
        fleet.notify(pending(1, "On"));
        await clock.advance(60_000);
        expect(ironic.of("heartbeat")).to.have.length(0);
        expect(fleet.agentOf(nodeOf(1))?.uuid).to.equal(undefined);
        ironic.lookupResult = (index) => ({
            kind: "found",
            nodeUuid: nodeOf(index),
            heartbeatTimeoutSeconds: 60,
            token: "late",
        });
        await clock.advance(60_000);
        expect(ironic.of("heartbeat").at(-1)!.token).to.equal("late");
    });

    it("finds its node again when Ironic has forgotten it", async () => {
        const { clock, ironic, fleet } = setup();
        fleet.notify(pending(1, "On"));
        await clock.advance(60_000);
        ironic.heartbeatResult = (index) => (index === 1 ? { kind: "unknown-node" } : { kind: "accepted" });
        ironic.lookupResult = () => ({
            kind: "found",
            nodeUuid: nodeOf(4001),
            heartbeatTimeoutSeconds: 60,
            token: "other",
        });
        await clock.advance(60_000);
        expect(fleet.agentOf(nodeOf(4001))?.uuid).to.equal(uuidOf(1));
        expect(ironic.of("heartbeat").at(-1)).to.include({ index: 4001, token: "other" });
        expect(fleet.agentOf(nodeOf(1))?.uuid).to.equal(undefined);
    });

    it("goes on after an error nobody foresaw", async () => {
        const { clock, ironic, fleet, metrics } = setup();
        let thrown = 0;
        ironic.lookupResult = () => {
            thrown++;
            throw new TypeError("a bug");
        };
        fleet.notify(pending(1, "On"));
        await clock.advance(20_000);
        expect(thrown).to.be.within(5, 9); // every 3 s, it does not spin
        ironic.lookupResult = (index) => ({
            kind: "found",
            nodeUuid: nodeOf(index),
            heartbeatTimeoutSeconds: 60,
            token: "t",
        });
        await clock.advance(10_000);
        expect(ironic.of("heartbeat").length).to.be.above(0);
        expect(await metrics.registry.getSingleMetricAsString("fake_ipa_errors_total")).to.contain(
            `{where="agent"} ${thrown}`,
        );
    });

    it("powers its host off through the BMC, trying again; stays if it cannot; and does not beat meanwhile", async () => {
        const resets: string[] = [];
        let failures = 3;
        const redfish: Redfish = {
            reset: async (uuid, type) => {
                resets.push(`${type} ${uuid}`);
                if (failures-- > 0) {
                    throw new RedfishError("no");
                }
            },
            system: () => Promise.reject(new RedfishError("not asked")),
        };
        const { clock, ironic, fleet } = setup({}, redfish);
        fleet.notify(pending(1, "On"));
        await clock.advance(60_000);
        ironic.events.length = 0;
        const agent = fleet.agentOf(nodeOf(1))!;
        expect(agent.execute("standby.power_off", {}).command_status).to.equal("SUCCEEDED");
        expect(agent.phase).to.equal("powering-off");
        await clock.advance(20_000);
        expect(resets).to.deep.equal(Array.from({ length: 4 }, () => `ForceOff ${uuidOf(1)}`));
        expect(ironic.events).to.deep.equal([]);
        await clock.advance(70_000); // taken, but no notification came: the host is on after all
        expect(ironic.of("heartbeat").length).to.be.above(0);
        failures = 100;
        resets.length = 0;
        agent.execute("standby.run_image", {});
        await clock.advance(100_000);
        expect(resets).to.deep.equal(Array.from({ length: 6 }, () => `ForceRestart ${uuidOf(1)}`));
        expect(agent.phase).to.equal("heartbeating");
    });

    it("drops whatever comes back after the power went", async () => {
        const { clock, ironic, fleet } = setup();
        let release: ((result: LookupResult) => void) | undefined;
        ironic.lookupResult = (() =>
            new Promise((resolve) => {
                release = resolve;
            })) as unknown as FakeIronic["lookupResult"];
        fleet.notify(pending(1, "On"));
        await clock.advance(1_000);
        fleet.notify(pending(1, "Off", { power_state: "On" }));
        release!({ kind: "found", nodeUuid: nodeOf(1), heartbeatTimeoutSeconds: 60, token: "t" });
        await clock.advance(60_000);
        expect(ironic.events.map((event) => event.kind)).to.deep.equal(["lookup"]);
        expect(fleet.agentOf(nodeOf(1))?.uuid).to.equal(undefined);
        expect(fleet.host(uuidOf(1))).to.deep.equal({ power: "Off", agent: undefined });
        expect(macOf(1)).to.equal("52:54:00:00:00:01");
    });
});
