import type { LabConfig } from "../plan/config/keys";
import type { LabPlan } from "../plan/plan";
import type { FoundCluster } from "../plan/substrate/existing";

/** A lab that is about to be made. */
export interface WantedLab {
    config: LabConfig;
    plan: LabPlan;
    /** Whether it is to be larger than it is by now, or is not there at all. */
    grows: boolean;
    /** References of the images that are built on this machine, not pulled. */
    builtImages: readonly string[];
    /** The cluster that the lab is to stand in, where it makes none. */
    cluster?: FoundCluster;
}
