import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { ImageReferences } from "../../../plan/image-reference";
import type { LabPlan } from "../../../plan/plan";
import { substrateOf } from "../../../plan/substrate/plan";

export interface MachineImagesArgs {
    plan: LabPlan;
    images: ImageReferences;
    machine: command.local.Command;
    /** The lab's registry: the key `imageRegistry`. Undefined: there is none. */
    registry: string | undefined;
    /** Resources after which the machine finds the images there. Empty without a registry. */
    after: pulumi.Resource[];
}

/**
 * The images that run in the cluster, in minikube's machine: pulled from the lab's registry, or copied from Docker's
 * store where it has none.
 */
export class MachineImages extends pulumi.ComponentResource {
    constructor(name: string, args: MachineImagesArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:MachineImages", name, {}, opts);
        const { plan, images, machine, registry, after } = args;
        const { profile, gateway } = substrateOf("minikube", plan);
        new command.local.Command(
            name,
            {
                create: "node --import tsx tasks/minikube-images.ts",
                environment: {
                    MINIKUBE_PROFILE: profile,
                    IMAGES: images.inCluster().join(" "),
                    ...(registry === undefined ? {} : { REGISTRY: registry, GATEWAY: gateway }),
                },
            },
            { parent: this, dependsOn: [machine, ...after], customTimeouts: { create: "30m", update: "30m" } },
        );
        this.registerOutputs({});
    }
}
