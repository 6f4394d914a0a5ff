import { required } from "./required";
import { runMain } from "./stdin";
import { join } from "./worker-node/join";
import { leave } from "./worker-node/leave";

/**
 * Takes a worker into the cluster (`join`), or drains it and takes it out (`leave`). The program runs it (WorkerNode),
 * with NODE (name of the Kubernetes node and of its container) and CONTROL_PLANE (name of the control plane's
 * container) in its environment.
 */
async function main(): Promise<void> {
    const node = required("NODE");
    switch (process.argv[2]) {
        case "join":
            return join(node);
        case "leave":
            return leave({ node, controlPlane: required("CONTROL_PLANE"), say: console.log });
        default:
            throw new Error("this is run by the Pulumi program, as `join` or `leave`");
    }
}

runMain("worker-node", main);
