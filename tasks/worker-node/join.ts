import { waitUntil } from "../../lib/wait-until";
import { failureText, run } from "../../toolchain/run";

/** Longest wait for the Node to be Ready, milliseconds. It takes 10 s on two quiet cores. */
const READY_LIMIT_MS = 300_000;
/** Longest run of one command in the container, milliseconds. */
const COMMAND_LIMIT_MS = 30_000;

/**
 * Lets the kubelet of a worker begin, whose container has the pods' images by now, and waits until its Node is Ready.
 * @param node name of the Kubernetes node, and of its container
 * @throws WaitTimeout with what the node says of itself
 */
export async function join(node: string, timeoutMs = READY_LIMIT_MS): Promise<void> {
    const inNode = (...command: string[]): Promise<string> =>
        run("docker", ["exec", node, ...command], { timeoutMs: COMMAND_LIMIT_MS });
    // toolchain/images/node: await-images.sh waits for this file. It is in the node's volume.
    await inNode("touch", "/var/lib/lab-node/has-images");
    await waitUntil<undefined>({
        what: `the node ${node} to be Ready`,
        timeoutMs,
        look: async () => {
            try {
                await inNode("/usr/local/lib/lab-node/ready.sh");
                return { done: undefined };
            } catch (error) {
                return { pending: [failureText(error)] };
            }
        },
        hint: `Look with: docker exec ${node} cat /var/log/lab-node/kubelet/current`,
    });
}
