import { join } from "node:path";
import { machineFacts } from "../../lib/machine-facts";
import { MEASUREMENTS } from "../../plan/prediction/measurements";
import type { OwnRun, Room } from "../../plan/prediction/own-runs";
import type { PredictedMachine } from "../../plan/prediction/words";
import { UserError } from "../../plan/user-error";
import { repoPath } from "../../toolchain/paths";
import { keptOutcomes, runOfOutcome } from "./outcomes";
import { recordedRuns } from "./records";

/** Variable with the machine for which is predicted, as CORES,GIB: `8,64`. Unset: the machine that it runs on. */
export const MACHINE_VARIABLE = "METAL3_SCALE_LAB_MACHINE";

/** The machine of the measurements, as {@link MACHINE_VARIABLE} has it. */
export const REFERENCE_MACHINE = `${MEASUREMENTS.machine.cores},${MEASUREMENTS.machine.memoryGib}`;

/** Files of a checkout's own runs. */
export const RECORDS = ".lab/records";
export const OUTCOMES = ".lab/figures/predictions.jsonl";

/** The runs of the labs of a checkout that came to their end. A run that has both, a record and an outcome, is one. */
export function ownRuns(folder = repoPath()): OwnRun[] {
    const runs = recordedRuns(join(folder, RECORDS));
    const outcomes = keptOutcomes(join(folder, OUTCOMES));
    outcomes.forEach(({ record = "" }) => runs.delete(record));
    return [...runs.values(), ...outcomes.map(runOfOutcome)];
}

/** @throws UserError with key, value and rule for what names no machine */
export function namedMachine(text: string): Room {
    const [, cores, memoryGib] = /^([1-9]\d{0,3}),([1-9]\d{0,5}(?:\.\d+)?)$/.exec(text) ?? [];
    if (cores === undefined) {
        throw new UserError(`${MACHINE_VARIABLE}: ${text}: must be CORES,GIB, such as ${REFERENCE_MACHINE}`);
    }
    return { cores: Number(cores), memoryGib: Number(memoryGib) };
}

/**
 * The machine for which is predicted: the one that {@link MACHINE_VARIABLE} names, of which no runs are known, or this
 * one with those of this checkout.
 * @throws UserError with key, value and rule for what names no machine
 */
export function predictedMachine(env: NodeJS.ProcessEnv = process.env): PredictedMachine {
    const named = env[MACHINE_VARIABLE] ?? "";
    if (named !== "") {
        return { ...namedMachine(named), ownRuns: [] };
    }
    const { cpus, memoryBytes } = machineFacts();
    return { cores: cpus, memoryGib: memoryBytes / 2 ** 30, ownRuns: ownRuns() };
}
