import { CommandError, failureText, look, run } from "../../toolchain/run";
import { LEAVING_ANNOTATION } from "./settle";

/** A worker that is to leave its cluster. */
export interface LeaveArgs {
    /** Name of the Kubernetes node, and of its container. */
    node: string;
    /** Name of the control plane's container. Its kubectl needs no port of this machine, which may just change. */
    controlPlane: string;
    /** Told what goes and what cannot, a line each. */
    say: (text: string) => void;
}

/**
 * Longest time for pods to leave the node, seconds: a conductor takes up to 82 s to hand over its hosts, and a
 * disruption budget may let one pod go after another.
 */
const DRAIN_SECONDS = 180;
/** Longest wait until what has moved works again, seconds. */
const SETTLE_SECONDS = 240;
/** Time that kubectl gets to end beyond its own limits, and for its short commands, milliseconds. */
const COMMAND_LIMIT_MS = 60_000;

/**
 * Drains a worker and deletes its Node: no pod is scheduled there any more, all are evicted by Kubernetes' eviction
 * API, and what moved works again elsewhere. A pod that cannot be evicted in time is told, and ends with the node. When
 * it is interrupted, the next call goes on; where the node is to stay then, settleWorkers lets it.
 * @throws CommandError when the API server does not answer
 */
export async function leave({ node, controlPlane, say }: LeaveArgs): Promise<void> {
    const kubectl = (args: string[], seconds = 0): Promise<string> =>
        run("docker", ["exec", controlPlane, "kubectl", ...args], { timeoutMs: seconds * 1000 + COMMAND_LIMIT_MS });
    if ((await kubectl(["get", "node", node, "--ignore-not-found", "--output", "name"])) === "") {
        return;
    }
    await kubectl(["annotate", "node", node, `${LEAVING_ANNOTATION}=true`, "--overwrite"]);
    await kubectl(["cordon", node]);
    const runs = (await look("docker", ["inspect", "--format", "{{.State.Running}}", node])) === "true";
    if (runs) {
        await drain({ node, kubectl, say });
        await run("docker", ["exec", node, "sv", "-w", "10", "force-stop", "/run/service/kubelet"], {
            timeoutMs: COMMAND_LIMIT_MS,
        }).catch((error: unknown) => say(`${node}: its kubelet did not end: ${failureText(error)}`));
    } else {
        // Nobody is there to end the pods. They count as gone when the Node is.
        say(`${node} does not run: its pods are given up, and not evicted`);
    }
    await kubectl(["delete", "node", node, "--ignore-not-found"]);
}

interface DrainArgs extends Pick<LeaveArgs, "node" | "say"> {
    kubectl: (args: string[], seconds?: number) => Promise<string>;
}

async function drain({ node, kubectl, say }: DrainArgs): Promise<void> {
    // Pods without a controller and pods with data of their own would otherwise end with the node all the same, and
    // unannounced.
    const options = ["--ignore-daemonsets", "--delete-emptydir-data", "--force", `--timeout=${DRAIN_SECONDS}s`];
    try {
        const told = await kubectl(["drain", node, ...options], DRAIN_SECONDS);
        const evicted = told.split("\n").filter((line) => line.startsWith("evicting pod ")).length;
        say(`${node}: ${evicted} pods evicted`);
    } catch (error) {
        const pods = await podsOn(node, kubectl);
        say(
            `${node}: not all pods could be evicted in ${DRAIN_SECONDS} s (${whyNot(error)}). ` +
                `These end with the node: ${pods.join(", ")}`,
        );
    }
    const available = ["wait", "--for=condition=Available", "deployments", "--all", "--all-namespaces"];
    await kubectl([...available, `--timeout=${SETTLE_SECONDS}s`], SETTLE_SECONDS).catch((error: unknown) =>
        say(`${node} leaves, and not all that moved works again yet: ${failureText(error)}`),
    );
}

/** What kubectl says of the last pod that it could not evict; where it says nothing, how it failed. */
function whyNot(error: unknown): string {
    const lines = error instanceof CommandError ? error.tail.split("\n") : [];
    return lines.filter((line) => line.startsWith("error when evicting")).at(-1) ?? failureText(error);
}

/** Namespaces and names of the pods on a node. */
async function podsOn(node: string, kubectl: DrainArgs["kubectl"]): Promise<string[]> {
    const format = 'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}{"\\n"}{end}';
    const where = ["--all-namespaces", "--field-selector", `spec.nodeName=${node}`, "--output", format];
    return (await kubectl(["get", "pods", ...where])).split("\n").filter(Boolean);
}
