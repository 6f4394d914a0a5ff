import type { LabConfig } from "../plan/config/keys";
import type { Problem } from "../plan/problem";
import { embeddedProblems } from "./embedded/preflight";
import { minikubeProblems } from "./minikube/preflight";
import type { WantedLab } from "./wanted-lab";

/**
 * Looks at the machine, without changing anything, for what stands in the way of a lab.
 * @param wanted the lab, or undefined when its configuration is not valid: then only what every lab of the kind needs
 * is looked at
 */
type Preflight = (wanted: WantedLab | undefined) => Promise<Problem[]>;

/** What is looked at before a lab is made, by the value of the key `substrate`. */
export const PREFLIGHTS: Record<LabConfig["substrate"], Preflight> = {
    embedded: embeddedProblems,
    minikube: minikubeProblems,
    // The cluster itself is looked at in previews as well: see machine/existing.
    existing: async () => [],
};
