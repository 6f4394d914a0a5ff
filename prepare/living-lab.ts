import * as pulumi from "@pulumi/pulumi";
import { livingLab, type LivingLab } from "../plan/change/living-lab";
import { stackResources } from "./stack-resources";

/** The lab that this stack has by now, by its state. */
export const readLivingLab = async (): Promise<LivingLab> => livingLab(pulumi.getStack(), await stackResources());
