/** The replacement for the random plugin. It serves the tokens of @pulumi/random that the lab uses. */
import { ProviderDefinition } from "../shared/definition";
import { VERSIONS } from "../versions";
import { randomPassword } from "./password";

export const randomProvider: ProviderDefinition = {
    name: "random",
    version: VERSIONS.random,
    description: "Replacement for the random plugin, for machines that cannot download it.",
    fillsDefaults: false,
    config: {},
    configNotServed: [],
    resources: [randomPassword],
};
