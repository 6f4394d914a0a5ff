import type { LabNeeds } from "../toolchain/ensure/needs";

/** What a substrate needs of the toolchain, beyond the images that every lab has. */
type SubstrateNeeds = Omit<LabNeeds, "images" | "registry">;

/**
 * Reads it from a configuration that is not validated yet: the parts are made before the program runs. A value that
 * makes no sense needs nothing, and the program then names it.
 * @param raw values by key, as Pulumi.<stack>.yaml has them
 */
export function substrateNeeds(raw: Readonly<Record<string, unknown>>): SubstrateNeeds {
    if (raw["substrate"] !== "minikube") {
        return { tools: [], plugins: [], moreImages: [] };
    }
    const isDocker = raw["minikubeDriver"] === "docker";
    return {
        tools: ["minikube"],
        plugins: isDocker ? [] : ["libvirt"],
        moreImages: isDocker && raw["minikubeBaseImage"] === "built" ? ["minikube-base"] : [],
    };
}
