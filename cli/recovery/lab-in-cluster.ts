import { parseKubeconfig } from "../../lib/kubernetes";
import { findLabs, foundLabText } from "../../machine/existing/found-labs";
import { ownerHere } from "../../machine/owner";
import { stackPrefix } from "../../plan/identities";
import { reachedBy } from "../../plan/substrate/existing";
import { UserError } from "../../plan/user-error";
import { findCluster } from "../../tasks/existing-cluster";
import type { Ready } from "../../toolchain/ensure";
import { rawConfig } from "../stack-file";

/**
 * Refuses to touch a lab of the stack's name that stands in the cluster of its configuration, where that is not a
 * cluster of the lab's own.
 * @param whose which labs are refused: those of somebody else's state, or any, because the state at hand knows none
 * @throws UserError naming who has made the lab, and where. Also when the cluster does not answer and `whose` is `any`
 */
export async function refuseLabInCluster(ready: Ready, stack: string, whose: "others" | "any"): Promise<void> {
    const config = await rawConfig(stack);
    if (config["substrate"] !== "existing") {
        return;
    }
    const here = await ownerHere(ready.env, false);
    try {
        const cluster = await findCluster(reachedBy(config), ready.env);
        const labs = await findLabs(parseKubeconfig(cluster.kubeconfig));
        const lab = labs.find(({ prefix }) => prefix === stackPrefix(stack));
        const isOurs = here.id !== undefined && lab?.owner?.id === here.id;
        if (lab !== undefined && (whose === "any" || !isOurs)) {
            throw new LabInCluster(`nothing was changed: the cluster ${cluster.server} ${foundLabText(lab)}`);
        }
    } catch (error) {
        // Where it is not reached, the program says so with all other problems of the configuration.
        if (error instanceof LabInCluster || whose === "any") {
            throw error;
        }
    }
}

class LabInCluster extends UserError {}
