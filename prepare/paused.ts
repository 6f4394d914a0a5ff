import * as pulumi from "@pulumi/pulumi";
import { requestErrorText } from "../lib/kubernetes";
import { leaving } from "../plan/change/leaving";
import type { LivingLab } from "../plan/change/living-lab";
import type { LabPlan } from "../plan/plan";
import type { Problem } from "../plan/problem";
import { readPauses } from "../tasks/vacate-hosts/paused";

/** Pauses that one message names; the others are counted. */
const NAMED = 10;

/**
 * The problems that something which is to leave the lab is paused. Its deletion would wait, without a word, for the
 * half hour that a deletion may take. Nothing is read where nothing leaves.
 */
export async function pauseProblems(living: LivingLab, plan: LabPlan): Promise<Problem[]> {
    const going = leaving(living, plan);
    if (living.kubeconfig === undefined || going.hosts.size + going.clusters.size === 0) {
        return [];
    }
    const pauses = await readPauses(living.kubeconfig, plan.namespace, going).catch((error: unknown) => {
        // A preview also runs where the lab's API server does not answer. In an up, its objects then fail.
        void pulumi.log.warn(`what is to leave the lab was not looked at for pauses: ${requestErrorText(error)}`);
        return [];
    });
    const sizes = { clusters: String(plan.clusters.length), nodes: String(plan.hosts.length) };
    const problems = pauses.slice(0, NAMED).map(({ kind, name, by, command }) => {
        const key = kind === "Cluster" ? "clusters" : "nodes";
        const rule = `${kind} ${name} is paused by ${by}, and would not be let go of: take that off with ${command}`;
        return { key, value: sizes[key], rule };
    });
    const others = pauses.length - problems.length;
    const rule = `${others} more objects that are to leave the lab are paused`;
    return others === 0 ? problems : [...problems, { key: "nodes", value: sizes.nodes, rule }];
}
