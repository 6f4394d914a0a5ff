import { expect } from "chai";
import type { LookupResult } from "../../../services/fake-ipa/ironic-client.js";
import { type Redfish, RedfishError } from "../../../services/fake-ipa/redfish-client.js";
import { type FakeIronic, found, gaps, setup } from "./agent-lab.js";
import { macOf, nodeOf, pending, system, uuidOf } from "./support.js";

describe("An agent of fake-ipa", function () {
    this.timeout(20_000);

    it("looks itself up within the configured boot time after the power is applied", async () => {
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

    it("repeats its lookup ever more rarely until the host is off", async () => {
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

    it("repeats the inspection after a 404 until Ironic accepts it or gives commands", async () => {
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

    it("asks for another token once its own is refused twice, and keeps its own if Ironic masks it", async () => {
        const { clock, ironic, fleet } = setup();
        fleet.notify(pending(1, "On"));
        await clock.advance(60_000);
        ironic.events.length = 0;
        let refuse = 1;
        ironic.heartbeatResult = () => (refuse-- > 0 ? { kind: "bad-token", reason: "400" } : { kind: "accepted" });
        await clock.advance(120_000);
        expect(ironic.of("lookup")).to.have.length(0);
        refuse = 2;
        ironic.lookupResult = found(undefined);
        await clock.advance(120_000);
        expect(ironic.of("lookup")).to.have.length(1);
        expect(ironic.of("heartbeat").at(-1)!.token).to.equal("token-1");
        refuse = 2;
        ironic.lookupResult = found("new");
        await clock.advance(120_000);
        expect(ironic.of("heartbeat").at(-1)!.token).to.equal("new");
    });

    it("waits before it uses a new token, after its tokens were refused", async () => {
        const { clock, ironic, fleet } = setup();
        fleet.notify(pending(1, "On"));
        await clock.advance(60_000);
        ironic.events.length = 0;
        ironic.heartbeatResult = () => ({ kind: "bad-token", reason: "400" });
        await clock.advance(300_000);
        const waits = ironic.events.flatMap((event, index, all) =>
            event.kind === "heartbeat" && all[index - 1]?.kind === "lookup" ? [event.at - all[index - 1]!.at] : [],
        );
        expect(waits.length).to.be.above(2);
        expect(Math.min(...waits)).to.be.at.least(2_400);
    });

    it("is no node's agent until Ironic gives it a token", async () => {
        const { clock, ironic, fleet } = setup();
        ironic.lookupResult = found(undefined);
        fleet.notify(pending(1, "On"));
        await clock.advance(60_000);
        expect(ironic.of("heartbeat")).to.have.length(0);
        expect(fleet.agentOf(nodeOf(1))?.uuid).to.equal(undefined);
        ironic.lookupResult = found("late");
        await clock.advance(60_000);
        expect(ironic.of("heartbeat").at(-1)!.token).to.equal("late");
    });

    it("finds its node again under another UUID", async () => {
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

    it("goes on after an unexpected error, without spinning", async () => {
        const { clock, ironic, fleet, metrics } = setup();
        let thrown = 0;
        ironic.lookupResult = () => {
            thrown++;
            throw new TypeError("a bug");
        };
        fleet.notify(pending(1, "On"));
        await clock.advance(20_000);
        expect(thrown).to.be.within(5, 9); // every 3 s, it does not spin
        ironic.lookupResult = found("t");
        await clock.advance(10_000);
        expect(ironic.of("heartbeat").length).to.be.above(0);
        expect(await metrics.registry.getSingleMetricAsString("fake_ipa_errors_total")).to.contain(
            `{where="agent"} ${thrown}`,
        );
    });

    it("asks the BMC several times to power its host off, and goes on if the host stays on", async () => {
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

    it("drops the answer to a lookup after the power went off", async () => {
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
