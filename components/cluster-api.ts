import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { WEBHOOK_DRAIN_SECONDS } from "../plan/manifests/managers";
import type { LabPlan } from "../plan/plan";
import { referenceParts, type Images } from "../prepare/images";
import type { LabPki } from "./lab-pki";

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
                create: "node --import tsx tasks/cluster-api.ts",
                stdin: pulumi.secret(
                    pulumi
                        .all([pulumi.output(args.kubeconfig), args.pki.authority])
                        .apply(([kubeconfig, ca]) => initInput(args, kubeconfig, ca)),
                ),
            },
            { parent: this, dependsOn: args.dependsOn, customTimeouts: { create: "15m", update: "15m" } },
        );
        this.registerOutputs({});
    }
}

/** CAPM3's flags of concurrency, 10 each by default, and those of its controllers that nothing waits for. */
const CAPM3_CONCURRENCY = [
    "metal3machine-concurrency",
    "metal3cluster-concurrency",
    "metal3data-concurrency",
    "metal3datatemplate-concurrency",
];
const ASIDE_CONCURRENCY = ["metal3machinetemplate-concurrency", "metal3labelsync-concurrency"];

/** Cluster API's, 50 to 100 by default. */
const CORE_CONCURRENCY = [
    "cluster-concurrency",
    "clustertopology-concurrency",
    "machine-concurrency",
    "machineset-concurrency",
    "machinedeployment-concurrency",
];
const BOOTSTRAP_CONCURRENCY = ["kubeadmconfig-concurrency"];
const CONTROL_PLANE_CONCURRENCY = ["kubeadmcontrolplane-concurrency"];

/** Seconds for each of: the Kubernetes API, clusterctl, the controllers, their webhooks. */
const WAIT_SECONDS = 240;

const IMAGES = {
    core: "cluster-api-controller",
    bootstrap: "kubeadm-bootstrap-controller",
    controlPlane: "kubeadm-control-plane-controller",
    infrastructure: "cluster-api-provider-metal3",
    ipam: "ip-address-manager",
} as const;

/** Standard input of tasks/cluster-api.ts. It names no path: the same state must do on another machine. */
export function initInput(
    { images, plan }: Pick<ClusterApiArgs, "images" | "plan">,
    kubeconfig: string,
    ca: { cert: string; key: string },
): string {
    const {
        deprecatedVersions,
        webhooksOfEveryUpdate,
        concurrency,
        asideConcurrency,
        clusterApiConcurrency,
        kubeApiQps,
        kubeApiBurst,
        leaderElection,
        resyncHours,
        probeTimeoutSeconds,
        requests,
        env,
    } = plan.controllers;
    const set = (flags: string[], value: number | undefined) =>
        value === undefined ? {} : Object.fromEntries(flags.map((flag) => [flag, value]));
    const image = (key: keyof typeof IMAGES) => ({
        image: referenceParts(images.reference(IMAGES[key])),
        env,
        drainSeconds: WEBHOOK_DRAIN_SECONDS,
        ...(probeTimeoutSeconds === undefined ? {} : { probeTimeoutSeconds }),
        ...(requests[key] === undefined ? {} : { requests: { cpu: requests[key] } }),
    });
    const limits = {
        "kube-api-qps": kubeApiQps,
        "kube-api-burst": kubeApiBurst,
        ...(resyncHours === undefined ? {} : { "sync-period": `${resyncHours}h` }),
    };
    // CAPM3 and IPAM elect no leader by themselves.
    const election = leaderElection ? {} : { "leader-elect": false };
    const controllers = {
        core: { ...image("core"), args: { ...limits, ...election, ...set(CORE_CONCURRENCY, clusterApiConcurrency) } },
        bootstrap: {
            ...image("bootstrap"),
            args: { ...limits, ...election, ...set(BOOTSTRAP_CONCURRENCY, clusterApiConcurrency) },
        },
        controlPlane: {
            ...image("controlPlane"),
            args: { ...limits, ...election, ...set(CONTROL_PLANE_CONCURRENCY, clusterApiConcurrency) },
        },
        infrastructure: {
            ...image("infrastructure"),
            args: { ...limits, ...set(CAPM3_CONCURRENCY, concurrency), ...set(ASIDE_CONCURRENCY, asideConcurrency) },
        },
        ipam: { ...image("ipam"), args: resyncHours === undefined ? {} : { "sync-period": `${resyncHours}h` } },
    };
    return JSON.stringify({
        kubeconfig,
        ca,
        manifests: { source: "build" },
        deprecatedVersions,
        webhooksOfEveryUpdate,
        controllers,
        waitSeconds: WAIT_SECONDS,
    });
}
