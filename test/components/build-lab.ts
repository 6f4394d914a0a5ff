import * as pulumi from "@pulumi/pulumi";
import { Lab } from "../../components/lab";
import type { LabConfig } from "../../plan/config/keys";
import { plan, type LabPlan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { Images } from "../../prepare/images";
import { Cluster } from "../../tasks/cluster-api/cluster";
import { Management } from "../../tasks/vacate-hosts/management";
import { kubeconfigFor } from "../kubeconfig";
import { ironicChart, operatorManifests, OWNER, Recorder } from "./mocks";

export const HOST = "kubernetes:metal3.io/v1alpha1:BareMetalHost";
export const CLUSTER = "kubernetes:cluster.x-k8s.io/v1beta2:Cluster";
export const CONTAINER = "docker:index/container:Container";
export const NETWORK = "docker:index/network:Network";
export const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
export const BMO = "bmo-deployment-baremetal-operator-controller-manager";

/** A cluster that a lab stands in. */
const SERVER = "https://127.0.0.1:1";
const CLUSTER_THERE = { kubeconfig: kubeconfigFor(SERVER), server: SERVER, id: "1234" };

interface BuiltLab {
    recorder: Recorder;
    config: LabConfig;
    plan: LabPlan;
    images: Images;
    /** The values of the lab's outputs. */
    output: Record<string, unknown>;
}

/**
 * Builds a whole lab against the mocks, and records its resources. Nothing waits for the fleet. As in index.ts, stacks
 * have one frame meanwhile: Pulumi keeps one of each promise, which is half the time of a large lab. A lab on minikube
 * is a preview, because there is no machine that could be looked at.
 */
export async function buildLab(raw: Record<string, string>): Promise<BuiltLab> {
    const { stackTraceLimit } = Error;
    const cluster: { webhookUnreachable: unknown } = Cluster.prototype;
    const { webhookUnreachable } = cluster;
    Error.stackTraceLimit = 1;
    // The mocks give a kubeconfig with no cluster behind it.
    cluster.webhookUnreachable = async () => undefined;
    try {
        return await build(raw);
    } finally {
        Error.stackTraceLimit = stackTraceLimit;
        cluster.webhookUnreachable = webhookUnreachable;
    }
}

async function build(raw: Record<string, string>): Promise<BuiltLab> {
    const recorder = new Recorder();
    await recorder.start("metal3-scale-lab", "test", raw["substrate"] === "minikube");
    const config = validate({ ...raw, wait: "none" });
    // The mocks give a kubeconfig with no cluster behind it, and so no host that could leave the lab.
    Management.prototype.hosts = async () => [];
    const planned = plan(config, "test");
    const images = Images.of(config);
    const { outputs } = new Lab("lab", {
        config,
        plan: planned,
        images,
        owner: OWNER,
        operatorManifests,
        ironicChart: ironicChart(planned.conductors.length),
        ...(planned.substrate.kind === "existing" ? { cluster: CLUSTER_THERE } : {}),
    });
    const output = await new Promise<Record<string, unknown>>((resolve) => {
        pulumi.output(outputs).apply(resolve);
    });
    await pulumi.runtime.disconnect();
    return { recorder, config, plan: planned, images, output };
}

/** Builds a whole lab against the mocks. @returns its resources. */
export async function lab(raw: Record<string, string>): Promise<Recorder> {
    return (await buildLab(raw)).recorder;
}

/** Tells whether a value travels to a provider as a secret, by the signature that Pulumi gives secrets. */
export const isSecret = (value: unknown): value is { value?: unknown } =>
    typeof value === "object" && value !== null && "4dabf18193072939515e22adb298388d" in value;

/** The value itself, also where it travels as a secret. */
export const plain = (value: unknown): unknown => (isSecret(value) ? value.value : value);

/** A field of a resource's inputs, by its path; secrets are opened on the way. */
export function field(resource: { inputs: Record<string, unknown> }, ...path: (string | number)[]): unknown {
    return path.reduce<unknown>(
        (value, key) => plain((value as Record<string | number, unknown> | undefined)?.[key]),
        resource.inputs,
    );
}

/** The annotations of all resources of a type, in the order of the resources' names. */
export const annotationsOf = (recorder: Recorder, type: string): unknown[] =>
    recorder
        .of(type)
        .sort((a, b) => a.name.localeCompare(b.name))
        .map((resource) => field(resource, "metadata", "annotations"));
