import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { referenceParts, type Images } from "./images";
import type { LabPki } from "./lab-pki";
import type { LabPlan } from "./plan/plan";
import type { LabConfig } from "./config/keys";

export interface ClusterApiArgs {
    config: LabConfig;
    plan: LabPlan;
    images: Images;
    pki: LabPki;
    kubeconfig: pulumi.Input<string>;
    dependsOn: pulumi.Resource[];
}

/** Cluster API with CAPM3 and IPAM, by the real `clusterctl init`. */
export class ClusterApi extends pulumi.ComponentResource {
    readonly installed: command.local.Command;

    constructor(name: string, args: ClusterApiArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:ClusterApi", name, {}, opts);
        this.installed = new command.local.Command(
            name,
            {
                create: "node --import tsx cli/cluster-api.ts",
                stdin: pulumi.secret(
                    pulumi.all([pulumi.output(args.kubeconfig), args.pki.authority]).apply(([kubeconfig, ca]) => initInput(args, kubeconfig, ca)),
                ),
            },
            { parent: this, dependsOn: args.dependsOn, customTimeouts: { create: "15m", update: "15m" } },
        );
        this.registerOutputs({});
    }
}

/** Flag of each controller's concurrency; upstream's default is 10 for most. */
const CONCURRENCY_FLAGS = {
    core: ["cluster-concurrency", "clustertopology-concurrency", "machine-concurrency", "machineset-concurrency", "machinedeployment-concurrency", "clustercache-concurrency"],
    bootstrap: ["kubeadmconfig-concurrency", "clustercache-concurrency"],
    controlPlane: ["kubeadmcontrolplane-concurrency", "clustercache-concurrency"],
    infrastructure: ["metal3machine-concurrency", "metal3cluster-concurrency", "metal3data-concurrency", "metal3datatemplate-concurrency", "metal3labelsync-concurrency"],
    ipam: [],
} as const;

const IMAGES = {
    core: "cluster-api-controller",
    bootstrap: "kubeadm-bootstrap-controller",
    controlPlane: "kubeadm-control-plane-controller",
    infrastructure: "cluster-api-provider-metal3",
    ipam: "ip-address-manager",
} as const;

/** Standard input of cli/cluster-api.ts. It names no path: the same state must do on another machine. */
export function initInput({ images, plan }: Pick<ClusterApiArgs, "images" | "plan">, kubeconfig: string, ca: { cert: string; key: string }): string {
    const { concurrency, kubeApiQps, kubeApiBurst } = plan.controllers;
    const controllers = Object.fromEntries(
        (Object.keys(IMAGES) as (keyof typeof IMAGES)[]).map((key) => {
            const flags = CONCURRENCY_FLAGS[key].map((flag) => [flag, concurrency]);
            const limits = key === "ipam" ? {} : { "kube-api-qps": kubeApiQps, "kube-api-burst": kubeApiBurst };
            return [key, { image: referenceParts(images.reference(IMAGES[key])), args: { ...Object.fromEntries(flags), ...limits } }];
        }),
    );
    return JSON.stringify({ kubeconfig, ca, manifests: { source: "build" }, controllers });
}
