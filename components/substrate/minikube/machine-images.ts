import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { ImageReferences } from "../../../plan/image-reference";
import type { LabPlan } from "../../../plan/plan";
import { substrateOf } from "../../../plan/substrate/plan";

export interface MachineImagesArgs {
    plan: LabPlan;
    images: ImageReferences;
    machine: command.local.Command;
}

/** The images that run in the cluster, copied from Docker's store into minikube's machine. */
export class MachineImages extends pulumi.ComponentResource {
    constructor(name: string, { plan, images, machine }: MachineImagesArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:MachineImages", name, {}, opts);
        new command.local.Command(
            name,
            {
                create: "node --import tsx tasks/minikube-images.ts",
                environment: {
                    MINIKUBE_PROFILE: substrateOf("minikube", plan).profile,
                    IMAGES: images.inCluster().join(" "),
                },
            },
            { parent: this, dependsOn: [machine], customTimeouts: { create: "30m", update: "30m" } },
        );
        this.registerOutputs({});
    }
}
