import { expect } from "chai";
import { addressParts, systemUrl } from "../../plan/bmc";
import { livingLab } from "../../plan/change/living-lab";
import { changeProblems } from "../../plan/change/problems";
import { agentIsoFiles, agentIsoUrl } from "../../plan/manifests/agent-iso";
import { pairConfiguration } from "../../plan/manifests/pair-configuration";
import { plan, type PairPlan } from "../../plan/plan";
import { ConfigurationError, validate } from "../../plan/validate";
import { resourcesOf } from "./living-lab";

type Raw = Record<string, string>;

/** The first four hosts are as by default; the fifth is of a profile with BMCs of its own kind. */
const MEDIA = JSON.stringify({
    small: 9,
    media: { share: 1, like: "edge", bmcDriver: "redfish-virtualmedia", bootMode: "UEFI" },
});
const MIXED = { nodes: "5", hostProfiles: MEDIA };

const hostsOf = (raw: Raw): string[][] =>
    plan(validate({ clusters: "0", ...raw }), "test").hosts.map(({ bmcAddress, bootMode }) => [
        bmcAddress.split("/")[0] as string,
        bootMode,
    ]);

describe("The BMCs of a lab", () => {
    it("speak Redfish over plain HTTP, and boot by PXE in legacy mode, unless told otherwise", () => {
        expect(hostsOf({ nodes: "2" })).to.deep.equal(Array(2).fill(["redfish+http:", "legacy"]));
        expect(hostsOf({ nodes: "2", bmcProtocol: "https", bmcDriver: "redfish-virtualmedia" })).to.deep.equal(
            Array(2).fill(["redfish-virtualmedia+https:", "legacy"]),
        );
        expect(hostsOf({ nodes: "1", bootMode: "UEFI" })).to.deep.equal([["redfish+http:", "UEFI"]]);
    });

    it("are of another kind where a host's profile says so, and of the lab's protocol in any case", () => {
        expect(hostsOf(MIXED)[3]).to.deep.equal(["redfish+http:", "legacy"]);
        expect(hostsOf(MIXED)[4]).to.deep.equal(["redfish-virtualmedia+http:", "UEFI"]);
        expect(hostsOf({ ...MIXED, bmcProtocol: "https" })[4]).to.deep.equal(["redfish-virtualmedia+https:", "UEFI"]);
        const profile = { share: 1, like: "edge", bmcDriver: "redfish" };
        const back = { hostProfiles: JSON.stringify({ net: profile }), bmcDriver: "redfish-virtualmedia", nodes: "1" };
        expect(hostsOf(back)).to.deep.equal([["redfish+http:", "legacy"]]);
    });

    it("refuse a driver and a boot mode that there are not", () => {
        const wrong = {
            ...{ bmcDriver: "ipmi", bootMode: "UEFISecureBoot", bmcProtocol: "ftp" },
            hostProfiles: JSON.stringify({ own: { share: 1, like: "edge", bmcDriver: "ipmi" } }),
        };
        expect(() => validate(wrong)).to.throw(
            ConfigurationError,
            /bmcDriver = "?ipmi"?: must be one of redfish, redfish/,
        );
        expect(() => validate(wrong)).to.throw(/bootMode = "?UEFISecureBoot"?: must be one of legacy, UEFI/);
        expect(() => validate(wrong)).to.throw(/bmcProtocol = "?ftp"?: must be one of http, https/);
        expect(() => validate(wrong)).to.throw(
            /hostProfiles\.own\.bmcDriver = "ipmi": must be one of redfish, redfish/,
        );
    });

    it("have addresses that lead to their URL", () => {
        const { hosts } = plan(validate({ bmcProtocol: "https", bmcDriver: "redfish-virtualmedia" }), "test");
        const [host] = hosts;
        expect(systemUrl(String(host?.bmcAddress))).to.equal(
            `https://192.168.222.16:8000/redfish/v1/Systems/${host?.uuid}`,
        );
        expect(addressParts("ipmi://192.0.2.1")).to.equal(undefined);
        expect(() => systemUrl("ipmi://192.0.2.1")).to.throw("ipmi://192.0.2.1 is not the address of a BMC of the lab");
    });

    it("have the image for virtual media only where a host boots from one", () => {
        expect([agentIsoFiles(validate({})), agentIsoUrl("metal3", validate({}))]).to.deep.equal([{}, undefined]);
        expect(Object.keys(agentIsoFiles(validate(MIXED)))).to.deep.equal(["lab-ipa.iso"]);
        expect(agentIsoUrl("lab", validate({ bmcDriver: "redfish-virtualmedia" }))).to.equal(
            "http://ironic-image-server.lab.svc:8080/images/lab-ipa.iso",
        );
    });

    it("change nothing in a pair's configuration by themselves, so that no pair of a living lab restarts", () => {
        const keysOf = (raw: Raw): string[] => {
            const [pair] = plan(validate(raw), "test").pairs as [PairPlan];
            return Object.keys(pairConfiguration(pair, validate(raw), "https://192.0.2.1:6385"));
        };
        const standard = keysOf({});
        expect(keysOf({ bmcDriver: "redfish-virtualmedia", bootMode: "UEFI" })).to.deep.equal(standard);
        expect(keysOf({ bmcProtocol: "https" }).filter((key) => !standard.includes(key))).to.deep.equal([
            ...["SUSHY_EMULATOR_SSL_CERT", "SUSHY_EMULATOR_SSL_KEY", "FAKE_IPA_REDFISH_INSECURE"],
        ]);
    });
});

describe("The BMC of a host that is there", () => {
    const problems = (before: Raw, after: Raw): string[] =>
        changeProblems(livingLab("test", resourcesOf(before)), validate(after)).map(
            ({ key, rule }) => `${key}: ${rule}`,
        );

    it("stays as it is, and so does the host's boot mode", () => {
        expect(problems({ bmcProtocol: "https" }, {})).to.deep.equal([
            "bmcProtocol: this lab has https, and keeps that as long as it lives: set it back to https, or have the " +
                "lab taken away and another one made in its place: npm run up -- --replace --stack test",
        ]);
        expect(problems({}, { bmcDriver: "redfish-virtualmedia", bootMode: "UEFI" }).join()).to.match(
            /^bmcDriver: this lab has redfish, .*,bootMode: this lab has legacy, /,
        );
    });

    it("is no reason to refuse hosts of a profile with another one, as long as those that are there stay", () => {
        expect(problems({}, MIXED)).to.deep.equal([]);
        expect(problems(MIXED, MIXED)).to.deep.equal([]);
        expect(problems(MIXED, {})).to.deep.equal([]);
    });

    it("is not changed by its profile either", () => {
        const changed = MEDIA.replace("UEFI", "legacy");
        expect(problems(MIXED, { ...MIXED, hostProfiles: changed })).to.deep.equal([
            "hostProfiles: hosts of the profile media have bootMode UEFI, and keep that as long as they are there: " +
                "set it back, or have the lab taken away and another one made in its place: " +
                "npm run up -- --replace --stack test",
        ]);
    });
});
