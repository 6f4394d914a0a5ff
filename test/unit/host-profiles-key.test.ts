import { expect } from "chai";
import { defaultOf } from "../../plan/config/keys";
import { isUniform, profileNamed } from "../../plan/host-profiles/mix";
import { SHIPPED } from "../../plan/host-profiles/shipped";
import { pairConfiguration } from "../../plan/manifests/pair-configuration";
import { plan, type PairPlan } from "../../plan/plan";
import { ConfigurationError, validate } from "../../plan/validate";

const OWN = { small: 3, mine: { share: 1, like: "rack", memoryGib: 1024 } };

const mixOf = (shares: object) => validate({ hostProfiles: JSON.stringify(shares) }).hostProfiles;

describe("hostProfiles", () => {
    it("is all small by default, and then nothing of a pair's configuration speaks of profiles", () => {
        expect(defaultOf("hostProfiles")).to.equal('{"small":100}');
        expect(isUniform(validate({}).hostProfiles)).to.equal(true);
        const { pairs } = plan(validate({}), "dev");
        const pair = pairs[0] as PairPlan;
        const written = pairConfiguration(pair, validate({}), "https://192.0.2.1:6385");
        expect(Object.keys(written).filter((key) => key.includes("HARDWARE"))).to.deep.equal([]);
        expect((written["SUSHY_EMULATOR_FAKE_SYSTEMS"] as object[])[0]).to.deep.equal({
            uuid: pair.hosts[0]?.uuid,
            name: "host-0000",
            power_state: "Off",
            external_notifier: true,
            nics: [{ mac: pair.hosts[0]?.mac, ip: "100.64.0.1" }],
        });
    });

    it("has profiles of one's own, whole or like one of the lab's", () => {
        const mix = mixOf(OWN);
        expect(profileNamed(mix, "mine")).to.deep.equal({ ...SHIPPED["rack"], memoryGib: 1024 });
        expect(profileNamed(mixOf({ whole: { share: 1, ...SHIPPED["edge"] } }), "whole")).to.deep.equal(
            SHIPPED["edge"],
        );
    });

    for (const [what, shares, ...expected] of [
        [
            "no object",
            [],
            'hostProfiles = "[]": must be an object: {NAME: SHARE}, or {NAME: {share, like: NAME, FIELD: VALUE}}',
        ],
        ["no profile at all", {}, 'hostProfiles = "{}": must be an object'],
        [
            "a name that there is not",
            { large: 3 },
            "hostProfiles.large = 3: is not a profile of the lab (small, rack, storage, edge): write {share",
        ],
        ["a share of none", { rack: 0 }, "hostProfiles.rack = 0: must be a share, a whole number from 1 to 1000"],
        ["a name that no label has", { "Rack 1": 3 }, "hostProfiles.Rack 1 = 3: must be a name of lower-case letters"],
        [
            "another machine by the name small",
            { small: { share: 1, like: "rack" } },
            "is the lab's own: give yours another name",
        ],
        ["no share", { mine: { like: "rack" } }, "hostProfiles.mine.share = (not set): must be a share"],
        [
            "like nothing",
            { mine: { share: 1, like: "rock" } },
            'hostProfiles.mine.like = "rock": is not a profile of the lab',
        ],
        [
            "half a profile",
            { mine: { share: 1, model: "M" } },
            "hostProfiles.mine.manufacturer = (not set)",
            "hostProfiles.mine.disks = (not set): must be a list of disks",
        ],
        ["a field that there is not", { mine: { share: 1, like: "rack", memory: 4 } }, 'Unrecognized key: "memory"'],
        [
            "a disk beyond the list",
            { mine: { share: 1, like: "rack", rootDevice: { disk: 5, by: ["wwn"] } } },
            "hostProfiles.mine.rootDevice.disk = 5: must be the number of a disk, from 0 to 4",
        ],
        [
            "a hint that BMO does not have",
            { mine: { share: 1, like: "rack", rootDevice: { disk: 0, by: ["name"] } } },
            "must be one of deviceName, hctl, model",
        ],
        [
            "a switch at a NIC that is not connected",
            {
                mine: {
                    share: 1,
                    like: "edge",
                    nics: [
                        { name: "eno1", vendor: "0x8086", product: "0x1533", gbps: 1 },
                        { name: "eno2", vendor: "0x8086", product: "0x1533", gbps: 1, connected: false, switch: "a" },
                    ],
                },
            },
            'hostProfiles.mine.nics.1.switch = "a": is of a NIC that is not connected',
        ],
    ] as [string, object, ...string[]][]) {
        it(`is refused with ${what}`, () => {
            const read = () => mixOf(shares);
            for (const message of expected) {
                expect(read).to.throw(ConfigurationError).with.property("message").that.includes(message);
            }
        });
    }
});
