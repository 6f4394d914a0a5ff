import type { LabConfig } from "../plan/config/keys";
import type { ImageReferences } from "../plan/image-reference";
import type { LabPlan } from "../plan/plan";

/** What every layer may read: what was asked for, what follows from it, and the images to use. */
export interface LayerContext {
    config: LabConfig;
    plan: LabPlan;
    images: ImageReferences;
}
