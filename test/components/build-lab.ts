import * as pulumi from "@pulumi/pulumi";
import { Lab } from "../../components/lab";
import type { LabConfig } from "../../plan/config/keys";
import { plan, type LabPlan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { Images } from "../../prepare/images";
import { ironicChart, operatorManifests, OWNER, Recorder } from "./mocks";

export const HOST = "kubernetes:metal3.io/v1alpha1:BareMetalHost";
export const CLUSTER = "kubernetes:cluster.x-k8s.io/v1beta2:Cluster";
export const CONTAINER = "docker:index/container:Container";
export const NETWORK = "docker:index/network:Network";
export const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
export const BMO = "bmo-deployment-baremetal-operator-controller-manager";

/** The parts of a configuration that components take as arguments. */
interface Parts {
    config: LabConfig;
    plan: LabPlan;
    images: Images;
}

/**
 * Validates and plans a configuration, and records all resources that `make` registers for it against the mocks.
 * Nothing waits for the fleet.
 *
 * @returns what was recorded, the parts, and the value of the output that `make` returned.
 */
export async function record<T>(
    raw: Record<string, string>,
    make: (parts: Parts) => pulumi.Input<T>,
): Promise<Parts & { recorder: Recorder; output: pulumi.Unwrap<T> }> {
    const recorder = new Recorder();
    await recorder.start();
    const config = validate({ ...raw, wait: "none" });
    const parts = { config, plan: plan(config, "test"), images: new Images(config.images) };
    const made = make(parts);
    const output = await new Promise<pulumi.Unwrap<T>>((resolve) => {
        pulumi.output(made).apply(resolve);
    });
    await pulumi.runtime.disconnect();
    return { ...parts, recorder, output };
}

/** Builds a whole lab against the mocks; `output` has the outputs of the lab. */
export const buildLab = (raw: Record<string, string>) =>
    record(raw, (parts) => {
        const built = new Lab("lab", {
            ...parts,
            owner: OWNER,
            operatorManifests,
            ironicChart: ironicChart(parts.plan.conductors.length),
        });
        return built.outputs;
    });

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
