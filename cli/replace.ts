import type { LivingLab } from "../plan/change/living-lab";
import { renameProblems } from "../plan/change/renamed";
import type { Problem } from "../plan/problem";
import { ConfigurationError, validate } from "../plan/validate";
import { imageChoices } from "../toolchain/images/recipes";

/**
 * What the lab that is there cannot take of a configuration, so that another one has to take its place.
 * @param raw the configuration, as Pulumi holds it
 * @throws ConfigurationError when the configuration itself cannot work: no lab is taken away for one like that
 */
export function reasonsToReplace(raw: Record<string, string>, living: LivingLab): Problem[] {
    const choices = imageChoices();
    validate(raw, choices);
    const renamed = renameProblems(living);
    try {
        validate(raw, { ...choices, living });
    } catch (error) {
        if (error instanceof ConfigurationError) {
            return [...renamed, ...error.problems];
        }
        throw error;
    }
    return renamed;
}
