import * as ipaddr from "ipaddr.js";
import { existingKeys } from "./existing-keys";
import type { Key, LabConfig } from "./keys";
import { LONGEST_SHARED_POD_PREFIX } from "./limits";
import { minikubeKeys } from "./minikube-keys";

/** Keys that say how one substrate is made. */
const OWN_KEYS = { minikube: Object.keys(minikubeKeys) as Key[], existing: Object.keys(existingKeys) as Key[] };

/** Keys that say how the lab makes a cluster, whichever it is. */
const OF_OWN_CLUSTERS: readonly Key[] = ["apiPort", "embeddedWorkers", "provisioningCidr", "podCidr", "serviceCidr"];

/**
 * Keys that are set although they say how another substrate is made, with the rule that each breaks.
 * @param isSet whether a person has set a key: Pulumi hands over the defaults of Pulumi.yaml like values that were set
 */
export function keysOfOtherSubstrates(
    { substrate, minikubeDriver }: Partial<LabConfig>,
    isSet: (key: Key) => boolean,
): { key: Key; rule: string }[] {
    const wrong = (names: readonly Key[], rule: string) => names.filter(isSet).map((key) => ({ key, rule }));
    if (substrate === undefined) {
        return [];
    }
    const foreign = Object.entries(OWN_KEYS)
        .filter(([owner]) => owner !== substrate)
        .flatMap(([owner, names]) =>
            wrong(names, `belongs to the substrate ${owner}, but the substrate is ${substrate}`),
        );
    if (substrate === "existing") {
        return [
            ...foreign,
            ...wrong(OF_OWN_CLUSTERS, "says how the lab makes a cluster, but the substrate is existing"),
        ];
    }
    if (substrate === "embedded") {
        return foreign;
    }
    const embedded = [
        ...wrong(["apiPort"], "belongs to the substrate embedded: minikube's machine has an address of its own"),
        ...wrong(["embeddedWorkers"], "belongs to the substrate embedded: minikube's machine is the only node"),
    ];
    if (minikubeDriver === undefined) {
        return [...foreign, ...embedded];
    }
    const other = (driver: string): string =>
        `belongs to minikube's driver ${driver}, but minikubeDriver is ${minikubeDriver}`;
    return minikubeDriver === "docker"
        ? [...foreign, ...embedded, ...wrong(["minikubeDisk", "libvirtUri", "libvirtNetwork"], other("kvm2"))]
        : [...foreign, ...embedded, ...wrong(["minikubeBaseImage"], other("docker"))];
}

/** Rules of one substrate for keys that all have. */
export const ownRules = (config: Partial<LabConfig>): { key: Key; rule: string }[] => [
    ...existingRules(config),
    ...embeddedRules(config),
    ...minikubeRules(config),
];

/** What has no place in a cluster elsewhere. */
const existingRules = ({ substrate, fakeNodes }: Partial<LabConfig>): { key: Key; rule: string }[] =>
    substrate === "existing" && fakeNodes === "docker"
        ? [{ key: "fakeNodes", rule: "a cluster elsewhere does not reach this machine: set kubernetes, or nothing" }]
        : [];

/** Each worker has a fixed part of the pod network, which has to be large enough for a node's pods. */
function embeddedRules({ substrate, embeddedWorkers, podCidr }: Partial<LabConfig>): { key: Key; rule: string }[] {
    if (substrate !== "embedded" || !embeddedWorkers || podCidr === undefined) {
        return [];
    }
    const [, prefix] = ipaddr.IPv4.parseCIDR(podCidr);
    const rule =
        `must be at least a /${LONGEST_SHARED_POD_PREFIX} with embeddedWorkers: ` +
        "each worker has a thirty-second of it, and needs 254 addresses for its pods";
    return prefix > LONGEST_SHARED_POD_PREFIX ? [{ key: "podCidr", rule }] : [];
}

/** What minikube itself would refuse only when it is called. */
function minikubeRules({
    substrate,
    minikubeDriver,
    provisioningCidr,
}: Partial<LabConfig>): { key: Key; rule: string }[] {
    if (substrate !== "minikube" || minikubeDriver !== "docker" || provisioningCidr === undefined) {
        return [];
    }
    const [address] = ipaddr.IPv4.parseCIDR(provisioningCidr);
    const rule = "must be a private network (RFC 1918): minikube's container takes no other address";
    return address.range() === "private" ? [] : [{ key: "provisioningCidr", rule }];
}
