import type { LabConfig } from "../../plan/config/keys";
import { embedded } from "./embedded/kind";
import { existing } from "./existing/kind";
import { minikube } from "./minikube/kind";
import type { SubstrateKind } from "./substrate";

/** The kinds of substrate, by the value of the key `substrate`. */
export const SUBSTRATE_KINDS: Record<LabConfig["substrate"], SubstrateKind> = { embedded, minikube, existing };
