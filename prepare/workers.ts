import * as pulumi from "@pulumi/pulumi";
import type { LayerContext } from "../components/context";
import { workerPrefix } from "../plan/identities";
import { settleWorkers } from "../tasks/worker-node/settle";

/** Puts right what Pulumi does not see of the Kubernetes nodes of a lab that is there. */
export async function settleNodes({ plan }: Pick<LayerContext, "plan">): Promise<void> {
    const [controlPlane, ...workers] = plan.substrate.copiedInto;
    if (controlPlane !== undefined) {
        const say = (text: string): void => void pulumi.log.info(text);
        await settleWorkers({ controlPlane, workers, prefix: workerPrefix(pulumi.getStack()), say });
    }
}
