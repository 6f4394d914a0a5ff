/** Whether minikube's machine runs. */
export type MachineState = "running" | "stopped" | "absent";

/** minikube's exit code for a profile that does not exist (minikube, pkg/minikube/reason: ExGuestNotFound = 85). */
const NOT_FOUND = 85;

/**
 * Reads what minikube tells of one profile. The exit code alone says less: it is not 0, either, when another kubeconfig
 * than the profile's is at hand.
 * @param output of `minikube status --output=json`
 * @throws Error when minikube says nothing of the profile
 */
export function machineState(output: string | undefined, exitCode: number | undefined): MachineState {
    if (exitCode === NOT_FOUND) {
        return "absent";
    }
    if (output === undefined || exitCode === undefined) {
        throw new Error("minikube status could not be started, or did not end in time: is minikube on PATH?");
    }
    let status: { Host?: string; APIServer?: string; Kubelet?: string } | null;
    try {
        status = JSON.parse(output) as typeof status;
    } catch {
        throw new Error(
            `minikube status ended with exit code ${exitCode} and said ${JSON.stringify(output.slice(0, 200))}`,
        );
    }
    // minikube says null of a profile whose container somebody has removed.
    if (status === null || status.Host === "Nonexistent") {
        return "absent";
    }
    const runs = [status.Host, status.APIServer, status.Kubelet].every((part) => part === "Running");
    return runs ? "running" : "stopped";
}
