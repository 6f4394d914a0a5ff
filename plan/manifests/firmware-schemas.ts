import type { Manifest } from "./documents";
import { mutatingPolicy } from "./mutating-policy";

/**
 * kube-apiserver notes who set which owner before policies are asked, and never forgets one that the object then does
 * not have.
 */
const WITHOUT_OWNERS = '[JSONPatch{op: "remove", path: "/metadata/ownerReferences"}]';
const WITHOUT_NOTES =
    'has(object.metadata.managedFields) ? [JSONPatch{op: "remove", path: "/metadata/managedFields"}] : []';

/**
 * Keeps owners out of FirmwareSchemas. BMO makes one for all hosts with the same BIOS settings, such as all hosts of a
 * profile (many have none), and enters each host as an owner whenever it looks at the host's settings (v0.13.2,
 * hostfirmwaresettings_controller.go): an object that grows with the lab, written by all at once and mostly refused
 * (409, and all over again). With 250 hosts it was 22 writes a host of 8 s each, which took more of kube-apiserver
 * than all else. Without owners, and without the notes about them in managedFields (784 after as many hosts, 5 writes
 * a second of 4 s each, 60 % of them refused), the object never changes, and nothing is written. It stays when its
 * hosts go; upstream's garbage collection would take it away.
 */
export const ownerlessFirmwareSchemas = (): Manifest[] =>
    mutatingPolicy({
        name: "firmware-schemas-without-owners",
        matchConstraints: {
            resourceRules: [
                {
                    apiGroups: ["metal3.io"],
                    apiVersions: ["*"],
                    operations: ["CREATE", "UPDATE"],
                    resources: ["firmwareschemas"],
                },
            ],
        },
        // Where it fails, a schema has owners, which is no harm by itself.
        condition: { name: "owned", expression: "has(object.metadata.ownerReferences)" },
        jsonPatch: `${WITHOUT_OWNERS} + (${WITHOUT_NOTES})`,
    });
