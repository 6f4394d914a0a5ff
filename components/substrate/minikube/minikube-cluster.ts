import * as command from "@pulumi/command";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ImageReferences } from "../../../plan/image-reference";
import type { LabPlan } from "../../../plan/plan";
import { substrateOf } from "../../../plan/substrate/plan";
import type { MachineSpec } from "../../../tasks/minikube/spec";
import { withRunErrors } from "../../run-error";
import { createProvider } from "../provider";
import { ensureRunning } from "./running";

export interface MinikubeClusterArgs {
    plan: LabPlan;
    images: ImageReferences;
    /** Docker network that is the provisioning network. */
    networkName: pulumi.Input<string>;
}

/** minikube's machine with its Kubernetes, under a profile and a kubeconfig of its own. */
export class MinikubeCluster extends pulumi.ComponentResource {
    readonly machine: command.local.Command;
    readonly kubeconfig: pulumi.Output<string>;
    readonly provider: kubernetes.Provider;

    constructor(name: string, args: MinikubeClusterArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:MinikubeCluster", name, {}, opts);
        const spec = pulumi.output(args.networkName).apply((network) => machineSpec(args, network));
        this.machine = new command.local.Command(
            `${name}-machine`,
            {
                create: "node --import tsx tasks/minikube.ts up",
                update: "node --import tsx tasks/minikube.ts up",
                delete: "node --import tsx tasks/minikube.ts delete",
                environment: { MINIKUBE_MACHINE: spec.apply((value) => JSON.stringify(value)) },
                // The output is a kubeconfig: it belongs into the state, never into a log.
                logging: "stderr",
            },
            {
                parent: this,
                additionalSecretOutputs: ["stdout"],
                // minikube changes neither size nor version of a machine that is there: its sizes follow from the
                // number of hosts, and growing must not touch the machine.
                ignoreChanges: ["environment"],
                customTimeouts: { create: "45m", update: "45m", delete: "15m" },
            },
        );
        this.kubeconfig = pulumi.secret(
            pulumi
                .all([this.machine.stdout, spec])
                .apply(([content, value]) => withRunErrors(ensureRunning(value, content))),
        );
        this.provider = createProvider(
            `${name}-kubernetes`,
            // A machine that is made anew has another cluster in it, at the same address.
            { kubeconfig: this.kubeconfig, clusterIdentifier: this.machine.id },
            { parent: this, dependsOn: [this.machine] },
        );
        this.registerOutputs({ kubeconfig: this.kubeconfig });
    }
}

/** What minikube is told, from the plan. */
function machineSpec({ plan, images }: MinikubeClusterArgs, dockerNetwork: string): MachineSpec {
    const { driver, profile, kubernetesVersion, podCidr, serviceCidr, address, cpus, memoryMib, diskGib, ...rest } =
        substrateOf("minikube", plan);
    const { baseImage, libvirt } = rest;
    return {
        ...{
            profile,
            driver,
            kubernetesVersion,
            podCidr,
            serviceCidr,
            address,
            cpus,
            memoryMib,
            diskGib,
            dockerNetwork,
        },
        ...(baseImage === undefined
            ? {}
            : { baseImage: baseImage === "built" ? images.local("minikube-base") : baseImage }),
        ...(libvirt === undefined
            ? {}
            : { libvirt: { uri: libvirt.uri, network: libvirt.network.name, mac: libvirt.network.node.mac } }),
    };
}
