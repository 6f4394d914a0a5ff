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
    if (substrate === "embedded") {
        const names = Object.keys(minikubeKeys) as Key[];
        return wrong(names, "belongs to the substrate minikube, but the substrate is embedded");
    }
    const port = wrong(["apiPort"], "belongs to the substrate embedded: minikube's machine has an address of its own");
    const other = (driver: string): string =>
        `belongs to the driver ${driver} of minikube, but minikubeDriver is another`;
    return minikubeDriver === "docker"
        ? [...port, ...wrong(["minikubeDisk", "libvirtUri", "libvirtNetwork"], other("kvm2"))]
        : [...port, ...wrong(["minikubeBaseImage"], other("docker"))];
}
