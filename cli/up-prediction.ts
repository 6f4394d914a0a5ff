import { basename } from "node:path";
import { duration } from "../lib/duration";
import { errorText } from "../lib/error-text";
import { OUTCOMES, predictedMachine } from "../machine/own-runs/machine";
import { keepOutcome } from "../machine/own-runs/outcomes";
import { stackName } from "../plan/identities";
import { plan } from "../plan/plan";
import { isThere } from "../plan/prediction/change";
import type { Prediction } from "../plan/prediction/predict";
import {
    percent,
    predicted,
    predictionLine,
    roughTime,
    type Predicted,
    type PredictedMachine,
} from "../plan/prediction/words";
import { ConfigurationError, validate } from "../plan/validate";
import { imageChoices, versionSets } from "../toolchain/images/recipes";
import { repoPath } from "../toolchain/paths";
import { labOfState } from "./recovery/lab-of-state";
import type { StateResource } from "./recovery/state";

/** What an `up` was. */
export interface SeenUp {
    /** Pulumi's exit code. */
    code: number;
    upSeconds: number;
    /** Most memory that the lab took, GiB; null: not measured, as of a lab that was there. */
    gib: number | null;
    /** The file of its record. */
    record?: string | undefined;
}

/** What an `up` is predicted to take, which is held against what it took. Nothing of it may make the `up` fail. */
export class UpPrediction {
    private readonly began = new Date().toISOString();
    private readonly found: (Predicted & { substrate: string }) | undefined;

    /**
     * @param raw the stack's configuration as Pulumi holds it
     * @param resources what the stack has
     * @param file of the outcomes
     */
    constructor(
        private readonly stack: string,
        raw: Record<string, string>,
        resources: readonly StateResource[],
        private readonly say: (text: string) => void,
        machine: () => PredictedMachine = predictedMachine,
        private readonly file = repoPath(OUTCOMES),
    ) {
        try {
            const config = validate(raw, imageChoices());
            const living = labOfState(stack, resources);
            const planned = plan(config, stackName(stack));
            const before = isThere(living) ? living : undefined;
            const found = predicted({ before, plan: planned, config, versions: versionSets() }, machine());
            const line = predictionLine(found);
            if (line !== undefined) {
                say(line);
            }
            if ("prediction" in found) {
                this.found = { ...found, substrate: config.substrate };
            }
        } catch (error) {
            // What is wrong with a configuration, `pulumi up` says.
            if (!(error instanceof ConfigurationError)) {
                say(`predicted: nothing, because ${errorText(error)}`);
            }
        }
    }

    /** Says how the prediction held, and keeps both for the next one. */
    held({ code, upSeconds, gib, record }: SeenUp): void {
        const { found, began, stack } = this;
        // The time of what else was changed is in none of the predictions.
        if (code !== 0 || found === undefined || found.more) {
            return;
        }
        const { substrate, room, change, prediction } = found;
        const { seconds, secondsError, gib: predictedGib, gibError } = prediction;
        this.say(heldLine(prediction, { upSeconds, gib }));
        try {
            keepOutcome(this.file, {
                ...{ began, stack, substrate, room: { cores: room.cores, memoryGib: room.memoryGib } },
                ...(change.from && { from: change.from }),
                to: change.to,
                predicted: {
                    seconds: Number.isFinite(seconds) ? seconds : null,
                    secondsError,
                    gib: predictedGib,
                    gibError,
                },
                seen: { upSeconds, gib },
                ...(record !== undefined && { record: basename(record) }),
            });
        } catch (error) {
            this.say(`the outcome could not be kept for the next prediction: ${errorText(error)}`);
        }
    }
}

/** How far off something is, and whether that is within what was said of it. */
function off(seen: number, said: number, error: number): string {
    const share = seen / said - 1;
    const isWithin = Math.abs(share) <= error;
    const by = `${share < 0 ? "-" : "+"}${Math.round(Math.abs(share) * 100)} %`;
    return `${by}, ${isWithin ? "within" : "beyond"} ${percent(error)}`;
}

/** How a prediction held. @param seen `gib` is null where memory was not measured */
export function heldLine(said: Prediction, seen: { upSeconds: number; gib: number | null }): string {
    const { seconds, secondsError, gib, gibError } = said;
    const time = Number.isFinite(seconds)
        ? `predicted were ${roughTime(seconds)} (${off(seen.upSeconds, seconds, secondsError)})`
        : "predicted was no end";
    const memory =
        seen.gib === null
            ? ""
            : `; ${seen.gib.toFixed(1)} GiB of memory at most, predicted were ${gib.toFixed(1)} ` +
              `(${off(seen.gib, gib, gibError)})`;
    return `took ${duration(seen.upSeconds * 1000)}, ${time}${memory}`;
}
