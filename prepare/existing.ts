import type { LayerContext } from "../components/context";
import { existingProblems } from "../machine/existing/preflight";
import type { WantedLab } from "../machine/wanted-lab";
import type { LivingLab } from "../plan/change/living-lab";
import type { Problem } from "../plan/problem";
import type { ExistingPlan } from "../plan/substrate/existing";
import { UserError } from "../plan/user-error";
import { ofOtherKeys } from "../plan/validate";
import { findCluster } from "../tasks/existing-cluster";

/**
 * Finds the cluster that the lab is to stand in, and looks for what is missing in it or in the way. In a preview, too:
 * the cluster is there in any case, and nothing of it is changed.
 * @param wanted gets the cluster
 * @param known problems that are known already; more of the same keys are left out
 */
export async function existingClusterProblems(
    wanted: WantedLab & LayerContext,
    living: LivingLab,
    known: readonly Problem[],
): Promise<Problem[]> {
    const { substrate } = wanted.plan;
    // Without them, the way leads to another cluster than the one that is meant.
    const isKnown = !known.some(({ key }) => key === "kubeconfig" || key === "kubeContext");
    return substrate.kind === "existing" && isKnown
        ? ofOtherKeys(await clusterProblems(wanted, substrate, living), known)
        : [];
}

async function clusterProblems(
    wanted: WantedLab & LayerContext,
    substrate: ExistingPlan,
    living: LivingLab,
): Promise<Problem[]> {
    try {
        wanted.cluster = await findCluster(substrate);
    } catch (error) {
        if (!(error instanceof UserError)) {
            throw error;
        }
        const { kubeconfig, kubeContext } = wanted.config;
        // In kubectl's words: "cannot locate context".
        const problem: Problem =
            kubeContext !== undefined && error.message.includes("cannot locate context")
                ? { key: "kubeContext", value: kubeContext, rule: error.message }
                : { key: "kubeconfig", value: kubeconfig ?? "(not set)", rule: error.message };
        return [problem, ...imageProblems(wanted)];
    }
    const upgrade = ["capi", "capm3", "ipam"].some((part) => {
        const had = living.versions[part];
        return had !== undefined && had !== wanted.images.version(part);
    });
    return [...imageProblems(wanted), ...(await existingProblems(wanted.cluster, wanted, living, upgrade))];
}

/** Images that a cluster elsewhere could not get: those that are on this machine alone. */
function imageProblems({ images, builtImages }: WantedLab & LayerContext): Problem[] {
    const here = images.inCluster().filter((reference) => builtImages.includes(reference));
    const rule =
        `${here.length} images are built here, ${here[0]} among them, and no cluster elsewhere can pull those: ` +
        "set it to a prefix to which this machine can push and from which the nodes can pull (docs/images.md)";
    return here.length === 0 ? [] : [{ key: "imageRegistry", value: "(not set)", rule }];
}
