import type { LabConfig } from "../config/keys";
import { embeddedPlan, type EmbeddedPlan } from "./embedded";
import { existingPlan, type ExistingPlan } from "./existing";
import { minikubePlan, type MinikubePlan } from "./minikube";

/** The plans of all kinds of substrate. Only the files of a kind look beyond what all of them have. */
export type SubstratePlan = EmbeddedPlan | MinikubePlan | ExistingPlan;

const PLANS = { embedded: embeddedPlan, minikube: minikubePlan, existing: existingPlan };

/** The values of the key `substrate`. */
export const SUBSTRATES = Object.keys(PLANS) as LabConfig["substrate"][];

/** @param seed the stack's name */
export const substratePlan = (config: LabConfig, seed: string): SubstratePlan => PLANS[config.substrate](config, seed);

/** The plan of a substrate of one kind, for the files of that kind. @throws Error when the lab stands on another. */
export function substrateOf<Kind extends SubstratePlan["kind"]>(
    kind: Kind,
    { substrate }: { substrate: SubstratePlan },
): Extract<SubstratePlan, { kind: Kind }> {
    if (substrate.kind !== kind) {
        throw new Error(`the lab stands on the substrate ${substrate.kind}, not ${kind}`);
    }
    return substrate as Extract<SubstratePlan, { kind: Kind }>;
}
