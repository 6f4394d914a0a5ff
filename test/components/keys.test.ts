import { expect } from "chai";
import { keys, type Key } from "../../plan/config/keys";
import { diskIdentity } from "../../plan/host-profiles/root-device";
import { hostUuid } from "../../plan/identities";
import { ironicValues } from "../../plan/manifests/ironic-values";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { buildLab, field, HOST } from "./build-lab";
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
        expect(field(recorder.named("host-0001"), "metadata", "labels")).to.equal(undefined);
    });

    it("has a label that says its profile where profiles differ, and hints where its profile has any", async () => {
        const { recorder } = await recordLab({ hostProfiles: '{"small":1,"storage":1}' });
        const label = "metal3-scale-lab/profile";
        const seen = recorder
            .of(HOST)
            .sort((one, other) => one.name.localeCompare(other.name))
            .map((host) => [field(host, "metadata", "labels", label), field(host, "spec", "rootDeviceHints")]);
        const wwnOf = (index: number) => ({ wwn: diskIdentity(hostUuid("test", index), 12).wwn });
        expect(seen).to.deep.equal([
            ["small", undefined],
            ["storage", wwnOf(1)],
            ["small", undefined],
            ["storage", wwnOf(3)],
        ]);
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
