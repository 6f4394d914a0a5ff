import type { LabConfig } from "../plan/config/keys";
import type { ImageReferences } from "../plan/image-reference";
import type { LabOwner } from "../plan/lab-owner";
import type { LabPlan } from "../plan/plan";
import type { FoundCluster } from "../plan/substrate/existing";

/** What every layer may read: what was asked for, what follows from it, the images to use, and who makes it. */
export interface LayerContext {
    config: LabConfig;
    plan: LabPlan;
    images: ImageReferences;
    /** Where the lab is made from. */
    owner: LabOwner;
    /** The cluster that the lab is to stand in, where it makes none. */
    cluster?: FoundCluster;
}
