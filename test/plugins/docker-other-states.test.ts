/**
 * A lab whose state another plugin wrote, over a real daemon: refresh and destroy. Skipped, and counted so, where there
 * is none.
 */
import { expect } from "chai";
import { PREFIX, SUBNET, address, client } from "./docker-machine";
import { Made, Stage } from "./docker-stage";
import { NAMES, STATES } from "./docker-states";
import { Json, failure } from "./harness";
import { Recorded } from "./states";

/** What an older replacement plugin put on networks and volumes. */
const OLD_LABELS = {
    "metal3-scale-lab": PREFIX,
    "io.metal3-scale-lab.pulumi-urn": "urn:pulumi:dev::metal3-scale-lab::t::n",
};

describe("docker plugin with a daemon: a lab of another plugin", function () {
    this.timeout(60_000);
    const stage = Stage.hooks();

    /**
     * Network and volume as an older replacement plugin left them in Docker; the plugin finds them by the program's
     * label.
     */
    async function lab(): Promise<[Recorded, Made][]> {
        await client.createNetwork({
            Name: NAMES.network,
            Driver: "bridge",
            IPAM: { Driver: "default", Config: [{ Subnet: SUBNET, Gateway: address(1) }] },
            Labels: OLD_LABELS,
        });
        await client.createVolume({ Name: NAMES.volume, Labels: OLD_LABELS });
        const made: [Recorded, Made][] = [];
        for (const recorded of [STATES.network, STATES.volume, STATES.container]) {
            made.push([recorded, await stage().make(recorded.token, recorded.program)]);
        }
        return made;
    }

    for (const who of ["older", "official"] as const) {
        it(`A refresh of a state that the ${who} plugin wrote finds nothing to change`, async () => {
            for (const [recorded, { id, outputs }] of await lab()) {
                const inputs = recorded[who];
                const state: Json = who === "official" ? { ...outputs, ...recorded.officialOutputs } : outputs;
                const read = await stage().provider.read(recorded.token, id, state, inputs);
                expect(read.id, recorded.token).to.equal(id);
                const news = await stage().provider.checked(recorded.token, recorded.program, inputs);
                const none = { changes: "none", replaces: [] };
                expect(await stage().provider.diff(recorded.token, read.inputs, inputs)).to.deep.include(none);
                expect(await stage().provider.diff(recorded.token, read.inputs, news)).to.deep.include(none);
                expect(JSON.stringify(read.outputs), recorded.token).to.not.match(/"__|pulumi-urn/);
                expect(JSON.stringify(read.inputs), recorded.token).to.not.contain("pulumi-urn");
            }
        });
    }

    it("A destroy of a state that the official plugin wrote leaves nothing", async () => {
        for (const [recorded, { id, outputs }] of (await lab()).reverse()) {
            await stage().provider.delete(recorded.token, id, { ...outputs, ...recorded.officialOutputs });
        }
        expect((await failure(client.getContainer(NAMES.container).inspect())).message).to.match(/no such container/i);
        expect((await failure(client.getVolume(NAMES.volume).inspect())).message).to.match(/no such volume/i);
        expect(await client.listNetworks({ filters: { name: [NAMES.network] } })).to.deep.equal([]);
    });
});
