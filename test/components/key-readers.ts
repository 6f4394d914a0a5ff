import type { ReferenceParts } from "../../plan/image-reference";
import type { LabPlan } from "../../plan/plan";
import type { MachineSpec } from "../../tasks/minikube/spec";
import { field } from "./build-lab";
import type { Recorder } from "./mocks";

/** What a key must reach: its value, and the field of an object of the lab in which it must be found. */
export interface Row {
    value: string;
    /** Further keys that the value needs. */
    with?: Record<string, string>;
    read: (lab: Recorded) => unknown;
    expected: unknown;
}

export interface Recorded {
    recorder: Recorder;
    values: Record<string, unknown> & {
        imagePullSecrets?: unknown;
        provisioning: { ips: string[] };
        conductor: {
            tunedRuntime: boolean;
            without: string[];
            syncPowerStateInterval: number;
            extraConfig?: object;
        };
        mariadb: { persistence: { storageClass: string } };
        imageServer: { files: Record<string, string> };
        ironicVersion?: string;
        images: { ironic: ReferenceParts; ipa?: ReferenceParts };
    };
    plan: LabPlan;
    waitSeconds: number;
    /** The output that says what the wait reached. */
    fleet: unknown;
}

export const ofHost =
    (...path: (string | number)[]) =>
    ({ recorder }: Recorded) =>
        field(recorder.named("host-0001"), ...path);
export const ofCluster =
    (...path: (string | number)[]) =>
    ({ recorder }: Recorded) =>
        field(recorder.named("cluster-0001"), ...path);
export const ofNode =
    (...path: (string | number)[]) =>
    ({ recorder }: Recorded) =>
        field(recorder.named("kubernetes-control-plane"), ...path);

/** A variable of the node's container. */
export const nodeVariable =
    (name: string) =>
    ({ recorder }: Recorded) =>
        (field(recorder.named("kubernetes-control-plane"), "envs") as string[]).find((env) =>
            env.startsWith(`${name}=`),
        );

/** A line of the configuration file of a pair. */
export const pairSetting =
    (name: string) =>
    ({ recorder }: Recorded) =>
        String(field(recorder.named("pair-000-fake-ipa"), "uploads", 0, "content"))
            .split("\n")
            .find((line) => line.startsWith(`${name} = `));

/** Environment variable of a container of a Deployment. */
export const deploymentVariable =
    (deployment: string, name: string) =>
    ({ recorder }: Recorded) => {
        const container = field(recorder.named(deployment), "spec", "template", "spec", "containers", 0);
        return (container as { env: { name: string; value: unknown }[] }).env.find((env) => env.name === name)?.value;
    };

export const MINIKUBE = { substrate: "minikube" };
export const EXISTING = { substrate: "existing" };

/** A field of the pods of a Deployment. */
export const podField =
    (deployment: string, name: string) =>
    ({ recorder }: Recorded) =>
        field(recorder.named(deployment), "spec", "template", "spec", name);

/** What minikube is told of its machine. */
export const machine =
    (read: (spec: MachineSpec) => unknown) =>
    ({ recorder }: Recorded) =>
        read(
            JSON.parse(
                String(field(recorder.named("kubernetes-machine"), "environment", "MINIKUBE_MACHINE")),
            ) as MachineSpec,
        );
