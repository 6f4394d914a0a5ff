import { hostUuid } from "../../plan/identities";
import { BMO } from "./build-lab";
import { deploymentVariable, ofHost, pairSetting, type Row } from "./key-readers";

const SYSTEM = `192.168.222.16:8000/redfish/v1/Systems/${hostUuid("test", 1)}`;

/** What the keys of the hosts' BMCs must reach. */
export const BMC_ROWS = {
    bmcProtocol: {
        value: "https",
        read: (lab) => [
            ofHost("spec", "bmc", "address")(lab),
            pairSetting("FAKE_IPA_REDFISH_INSECURE")(lab),
            lab.values.conductor.extraConfig,
        ],
        expected: [
            `redfish+https://${SYSTEM}`,
            "FAKE_IPA_REDFISH_INSECURE = False",
            { redfish: { verify_ca: "/etc/ironic-tls/ca.crt" } },
        ],
    },
    bmcDriver: {
        value: "redfish-virtualmedia",
        read: (lab) => [
            ofHost("spec", "bmc", "address")(lab),
            deploymentVariable(BMO, "DEPLOY_ISO_URL")(lab),
            Object.keys(lab.values.imageServer.files),
        ],
        expected: [
            `redfish-virtualmedia+http://${SYSTEM}`,
            "http://ironic-image-server.metal3.svc:8080/images/lab-ipa.iso",
            ["lab-os.raw", "lab-ipa.iso"],
        ],
    },
    bootMode: { value: "UEFI", read: ofHost("spec", "bootMode"), expected: "UEFI" },
} satisfies Record<string, Row>;
