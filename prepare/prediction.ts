import { errorText } from "../lib/error-text";
import { predictedMachine } from "../machine/own-runs/machine";
import type { LivingLab } from "../plan/change/living-lab";
import type { LabConfig } from "../plan/config/keys";
import type { LabPlan } from "../plan/plan";
import { isThere } from "../plan/prediction/change";
import { predicted, predictionLine } from "../plan/prediction/words";
import { versionSets } from "../toolchain/images/recipes";

/**
 * What a change is predicted to take, in a line. Nothing fails because it cannot be said: then the line says why.
 * @returns undefined where hosts, machines and conductors stay as many as they are
 */
export function predictionOf(living: LivingLab, plan: LabPlan, config: LabConfig): string | undefined {
    try {
        const before = isThere(living) ? living : undefined;
        return predictionLine(predicted({ before, plan, config, versions: versionSets() }, predictedMachine()));
    } catch (error) {
        return `predicted: nothing, because ${errorText(error)}`;
    }
}
