import { expect } from "chai";
import type { HeartbeatResult } from "../../../services/fake-ipa/ironic-client.js";
import { gaps, setup } from "./agent-lab.js";
import { nodeOf, pending, settled } from "./support.js";

describe("An agent of fake-ipa", function () {
    this.timeout(20_000);

    it("waits 0.3 to 0.6 of the timeout between heartbeats, at other times than 499 other agents", async () => {
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

    it("repeats its first heartbeat at growing distances until Ironic calls", async () => {
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

    it("sends a heartbeat at once when a command ends, but only one at a time", async () => {
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

    it("repeats a heartbeat after 3 s while the node is locked, and ever later after errors", async () => {
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
});
