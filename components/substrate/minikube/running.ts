import * as pulumi from "@pulumi/pulumi";
import { npmRun } from "../../../plan/commands";
import type { LibvirtNetworkPlan } from "../../../plan/libvirt-network";
import { UserError } from "../../../plan/user-error";
import { restartCutOff } from "../../../tasks/minikube/bridge-containers";
import { ensureNetwork, replugNic } from "../../../tasks/minikube/libvirt";
import { MinikubeMachine } from "../../../tasks/minikube/machine";
import type { MachineSpec } from "../../../tasks/minikube/spec";

/**
 * Starts a machine that has stopped, at each `up`. A resource would not notice: Pulumi runs a command only when its
 * inputs change.
 * @returns the kubeconfig, once the machine runs
 * @throws UserError when somebody has deleted the machine: all objects of the lab's state went with it
 */
export async function ensureRunning(
    spec: MachineSpec,
    kubeconfig: string,
    machine = new MinikubeMachine(spec, (text) => void pulumi.log.info(`minikube: ${text}`)),
): Promise<string> {
    if (pulumi.runtime.isDryRun()) {
        return kubeconfig;
    }
    switch (await machine.state()) {
        case "running":
            return kubeconfig;
        case "stopped":
            await machine.start();
            return kubeconfig;
        case "absent":
            throw new UserError(
                `minikube has no profile ${spec.profile}: somebody has deleted it, and all that stood in it. ` +
                    `'${npmRun("down", pulumi.getStack())}' removes the rest of the lab, and the next ` +
                    `'${npmRun("up", pulumi.getStack())}' makes it anew`,
            );
    }
}

/**
 * Starts the lab's network in libvirt where it has stopped, at each `up`, and connects again what has lost its bridge:
 * the machine and the containers beside it.
 * @param dockerNetwork name of the Docker network that shares the bridge
 * @throws UserError when somebody has removed the network: Pulumi's provider does not notice by itself
 */
export async function ensureActive(uri: string, network: LibvirtNetworkPlan, dockerNetwork: string): Promise<void> {
    if (pulumi.runtime.isDryRun()) {
        return;
    }
    const { name, uuid, bridge, node } = network;
    const state = await ensureNetwork(uri, uuid);
    if (state === "absent") {
        throw new UserError(
            `libvirt at ${uri} has no network ${name} any more: 'npm run up' makes it anew, ` +
                "and so does 'pulumi up --refresh'",
        );
    }
    if (state === "inactive") {
        await pulumi.log.info(`started libvirt's network ${name}, which had been stopped`);
    }
    // Looked for in any case: a network that was made anew, or started by somebody else, is active too.
    const [machine, containers] = await Promise.all([
        replugNic(node.name, bridge, { uri, network: name, mac: node.mac }),
        restartCutOff(dockerNetwork, bridge),
    ]);
    const reconnected = [...(machine ? [`the machine ${node.name}`] : []), ...containers];
    if (reconnected.length > 0) {
        await pulumi.log.info(`connected again with libvirt's network ${name}: ${reconnected.join(", ")}`);
    }
}
