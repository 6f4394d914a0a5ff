import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { referenceParts, type Images } from "./images";
import type { LabPki } from "./lab-pki";
import type { LabPlan } from "./plan/plan";

export interface ClusterApiArgs {
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

/** CAPM3's flags of concurrency, 10 each by default; Cluster API's own controllers have 50 to 100 and need no more. */
const CAPM3_CONCURRENCY = ["metal3machine-concurrency", "metal3cluster-concurrency", "metal3data-concurrency", "metal3datatemplate-concurrency", "metal3labelsync-concurrency"];

/** Seconds for each of: the Kubernetes API, clusterctl, the controllers, their webhooks. */
const WAIT_SECONDS = 240;

const IMAGES = {
    core: "cluster-api-controller",
    bootstrap: "kubeadm-bootstrap-controller",
    controlPlane: "kubeadm-control-plane-controller",
    infrastructure: "cluster-api-provider-metal3",
    ipam: "ip-address-manager",
} as const;

/** Standard input of cli/cluster-api.ts. It names no path: the same state must do on another machine. */
export function initInput({ images, plan }: Pick<ClusterApiArgs, "images" | "plan">, kubeconfig: string, ca: { cert: string; key: string }): string {
    const { concurrency, kubeApiQps, kubeApiBurst, requests, env } = plan.controllers;
    const image = (key: keyof typeof IMAGES) => ({
        image: referenceParts(images.reference(IMAGES[key])),
        env,
        ...(requests[key] === undefined ? {} : { requests: { cpu: requests[key] } }),
    });
    const limits = { "kube-api-qps": kubeApiQps, "kube-api-burst": kubeApiBurst };
    const controllers = {
        core: { ...image("core"), args: limits },
        bootstrap: { ...image("bootstrap"), args: limits },
        controlPlane: { ...image("controlPlane"), args: limits },
        infrastructure: { ...image("infrastructure"), args: { ...limits, ...Object.fromEntries(CAPM3_CONCURRENCY.map((flag) => [flag, concurrency])) } },
        ipam: image("ipam"),
    };
    return JSON.stringify({ kubeconfig, ca, manifests: { source: "build" }, controllers, waitSeconds: WAIT_SECONDS });
}
