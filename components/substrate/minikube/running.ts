import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../../../plan/user-error";
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
                    "'npm run down' removes the rest of the lab, and the next 'npm run up' makes it anew",
            );
    }
}
