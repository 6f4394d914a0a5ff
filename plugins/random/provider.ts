/** The stand-in for the random provider: the tokens of @pulumi/random 4.21.2. */
import { ProviderDefinition } from "../shared/definition";
import { randomId, randomUuid } from "./identifiers";
import { randomPassword, randomString } from "./strings";

export const randomProvider: ProviderDefinition = {
    name: "random",
    version: "4.21.2",
    description: "Stand-in for the random provider, for machines that cannot download it.",
    config: {},
    configNotServed: [],
    resources: [randomPassword, randomString, randomId, randomUuid],
};
