import * as ipaddr from "ipaddr.js";
import type { Key, LabConfig } from "./keys";
import { minikubeKeys } from "./minikube-keys";

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
    if (substrate === "embedded") {
        const names = Object.keys(minikubeKeys) as Key[];
        return wrong(names, "belongs to the substrate minikube, but the substrate is embedded");
    }
    const port = wrong(["apiPort"], "belongs to the substrate embedded: minikube's machine has an address of its own");
    if (minikubeDriver === undefined) {
        return port;
    }
    const other = (driver: string): string =>
        `belongs to minikube's driver ${driver}, but minikubeDriver is ${minikubeDriver}`;
    return minikubeDriver === "docker"
        ? [...port, ...wrong(["minikubeDisk", "libvirtUri", "libvirtNetwork"], other("kvm2"))]
        : [...port, ...wrong(["minikubeBaseImage"], other("docker"))];
}

/** What minikube itself would refuse only when it is called. */
export function ownRules({
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
