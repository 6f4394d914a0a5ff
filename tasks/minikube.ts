import { MinikubeMachine } from "./minikube/machine";
import { machineSchema } from "./minikube/spec";
import { parseInput, runMain } from "./stdin";

/**
 * Makes, starts or removes minikube's machine. The program runs it (MinikubeCluster), as `up` or `delete`, with
 * MINIKUBE_MACHINE (JSON) in its environment. Progress goes to standard error, the kubeconfig to standard output.
 */
async function main(): Promise<void> {
    const spec = parseInput("minikube", machineSchema, process.env["MINIKUBE_MACHINE"] ?? "", "MINIKUBE_MACHINE");
    const machine = new MinikubeMachine(spec, (text) => process.stderr.write(`minikube: ${text}\n`));
    switch (process.argv[2]) {
        case "up":
            await machine.start();
            process.stdout.write(await machine.kubeconfig());
            return;
        case "delete":
            return machine.remove();
        default:
            throw new Error("this is run by the Pulumi program, as `up` or `delete`");
    }
}

runMain("minikube", main);
