import { expect } from "chai";
import { keys, type Key } from "../../plan/config/keys";
import { ironicValues } from "../../plan/manifests/ironic-values";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { buildLab, field } from "./build-lab";
import type { Recorded } from "./key-readers";
import { ROWS } from "./key-rows";

async function recordLab(raw: Record<string, string>): Promise<Recorded> {
    const { recorder, config, images, plan: planned, output } = await buildLab(raw);
    const values = ironicValues(planned, images, config) as Recorded["values"];
    return { recorder, values, plan: planned, waitSeconds: planned.waitSeconds, fleet: output["fleet"] };
}

describe("a configuration key", () => {
    for (const key of Object.keys(keys) as Key[]) {
        const row = ROWS[key];
        it(`reaches the field of an object of the lab: ${key}`, async () => {
            expect(row.read(await recordLab({ ...row.with, [key]: row.value }))).to.deep.equal(row.expected);
        });
    }
});

describe("a BareMetalHost", () => {
    it("boots in legacy mode, is online, and has the MAC address of the plan", async () => {
        const { recorder } = await recordLab({});
        const planned = plan(validate({}), "test").hosts[1];
        expect(field(recorder.named("host-0001"), "spec")).to.deep.equal({
            online: true,
            bmc: { address: planned?.bmcAddress, credentialsName: "host-0001-bmc" },
            bootMACAddress: planned?.mac,
            bootMode: "legacy",
            automatedCleaningMode: "disabled",
        });
    });
});

describe("objects in the cluster", () => {
    it("go with the cluster's container: their components say so, and Pulumi passes it on to the objects", async () => {
        const { recorder } = await recordLab({});
        const deletedWith = [...recorder.deletedWith].filter(([, resource]) => resource !== "");
        expect(deletedWith.map(([name]) => name).sort()).to.deep.equal([
            "bmo",
            "clusters",
            "dns",
            "fkas",
            "hosts",
            "ironic",
            "namespace",
            "storage",
        ]);
        expect(new Set(deletedWith.map(([, resource]) => resource))).to.deep.equal(
            new Set(["kubernetes-control-plane"]),
        );
    });
});
