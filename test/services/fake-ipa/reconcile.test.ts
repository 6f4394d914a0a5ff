import { getEventListeners } from "node:events";
import { expect } from "chai";
import { reconcile } from "../../../services/fake-ipa/reconcile.js";
import { type Redfish, RedfishError } from "../../../services/fake-ipa/redfish-client.js";
import { setup } from "./agent-lab.js";
import { pending, settled, system, uuidOf } from "./support.js";

const never = new AbortController().signal;

/** A BMC that answers with each of the states in turn, and then with the last one. */
const bmc = (...states: ("On" | "Off" | "error")[]): Redfish & { requests: number } => ({
    requests: 0,
    reset: () => Promise.reject(new RedfishError("not asked")),
    async system() {
        const state = states[Math.min(this.requests++, states.length - 1)]!;
        if (state === "error") {
            throw new RedfishError("no answer");
        }
        return { power: state, bootDevice: "Pxe" };
    },
});

describe("Reconciliation with sushy-tools", () => {
    it("takes a difference at one look for a pending change", async () => {
        const redfish = bmc("Off", "On");
        const { clock, fleet, context } = setup({}, redfish);
        fleet.notify(pending(1, "On"));
        const { agent } = fleet.host(uuidOf(1))!;
        const done = reconcile(fleet, [system(1)], context, never);
        await settled();
        await clock.advance(14_000);
        await done;
        expect(redfish.requests).to.equal(2);
        expect(fleet.host(uuidOf(1))).to.deep.equal({ power: "On", agent });
    });

    it("takes a difference at two looks, 13 s apart, for a missed change", async () => {
        const { clock, fleet, context } = setup({}, bmc("Off"));
        fleet.notify(pending(1, "On"));
        const done = reconcile(fleet, [system(1)], context, never);
        await settled();
        await clock.advance(12_000);
        expect(fleet.host(uuidOf(1))?.power).to.equal("On");
        await clock.advance(2_000);
        await done;
        expect(fleet.host(uuidOf(1))).to.deep.equal({ power: "Off", agent: undefined });
    });

    it("boots an agent at once on an unknown host that is on, and does nothing about one that is off", async () => {
        const on = setup({}, bmc("On"));
        const done = reconcile(on.fleet, [system(1)], on.context, never);
        await settled();
        await done;
        expect(on.fleet.host(uuidOf(1))?.agent).to.not.equal(undefined);

        const off = setup({}, bmc("Off"));
        await reconcile(off.fleet, [system(1)], off.context, never);
        expect(off.fleet.size).to.equal(0);
    });

    it("boots from a virtual drive only if a medium is in it", async () => {
        for (const medium of [true, false]) {
            const redfish = { ...bmc("On"), system: async () => ({ power: "On" as const, bootDevice: "Cd", medium }) };
            const { fleet, context } = setup({}, redfish);
            await reconcile(fleet, [system(1)], context, never);
            expect(fleet.host(uuidOf(1))?.agent !== undefined, `medium: ${medium}`).to.equal(medium);
        }
    });

    it("asks again while sushy-tools does not answer, for 10 minutes", async () => {
        const late = bmc("error", "error", "On");
        const first = setup({}, late);
        const done = reconcile(first.fleet, [system(1)], first.context, never);
        await settled();
        await first.clock.advance(10_000);
        await done;
        expect(late.requests).to.equal(3);
        expect(first.fleet.host(uuidOf(1))?.power).to.equal("On");

        const silentBmc = bmc("error");
        const second = setup({}, silentBmc);
        const { signal } = new AbortController();
        const givenUp = reconcile(second.fleet, [system(1)], second.context, signal);
        await settled();
        await second.clock.advance(3_600_000);
        await givenUp;
        expect(silentBmc.requests).to.be.within(15, 40);
        // Each wait has removed its listener.
        expect(getEventListeners(signal, "abort")).to.deep.equal([]);
        expect(second.fleet.size).to.equal(0);
    });
});
