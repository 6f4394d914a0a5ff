/** The replacement for the random plugin: the token of @pulumi/random 4.21.2 that the lab uses. */
import { ProviderDefinition } from "../shared/definition";
import { randomPassword } from "./password";

export const randomProvider: ProviderDefinition = {
    name: "random",
    version: "4.21.2",
    description: "Replacement for the random plugin, for machines that cannot download it.",
    fillsDefaults: false,
    config: {},
    configNotServed: [],
    resources: [randomPassword],
};
