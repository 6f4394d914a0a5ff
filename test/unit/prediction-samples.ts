import { FITTED } from "../../plan/prediction/fitted";
import type { LabSize, Parameters } from "../../plan/prediction/model";
import { NO_BIAS, type OwnRun, type Room } from "../../plan/prediction/own-runs";
import { predict, type Prediction, type SizeChange } from "../../plan/prediction/predict";
import { conductorCount } from "../../plan/sizes";

/** The machine of the measurements. */
export const MACHINE: Room = { cores: 2, memoryGib: 24 };

export const KNOWN: Parameters = FITTED.parameters;

/** A lab with so many hosts, and as many machines unless another number is given. */
export const size = (hosts: number, machines = hosts): LabSize => ({
    hosts,
    machines,
    conductors: conductorCount(hosts),
});

export const change = (from: LabSize | undefined, to: LabSize): SizeChange => ({
    from,
    to,
    conductorsOf: conductorCount,
});

/** What is predicted by the repository's measurements alone. */
export const predictedOf = (from: LabSize | undefined, to: LabSize, room = MACHINE): Prediction =>
    predict(change(from, to), room, FITTED, NO_BIAS);

/** A run on the machine of the measurements. */
export const ownRun = (run: Partial<OwnRun>): OwnRun => ({
    began: "2026-12-01T10:00:00.000Z",
    room: MACHINE,
    substrate: "embedded",
    to: size(100),
    upSeconds: 420,
    gib: 5.6,
    ...run,
});
