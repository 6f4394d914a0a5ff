import { livingLab, type LivingLab } from "../../plan/change/living-lab";
import { stackName } from "../../plan/identities";
import type { StateResource } from "./state";

/** The lab that a stack has, by its state. */
export const labOfState = (stack: string, resources: readonly StateResource[]): LivingLab =>
    livingLab(
        stackName(stack),
        Object.fromEntries(resources.map(({ urn, type, outputs }) => [urn, { type, outputs }])),
    );
