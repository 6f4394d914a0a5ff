import { readFile } from "node:fs/promises";
import { requestErrorText } from "../../lib/kubernetes";
import { plan, type LabPlan } from "../../plan/plan";
import { UserError } from "../../plan/user-error";
import { validate } from "../../plan/validate";
import { wanted, type Wanted } from "../../tasks/wait-for-fleet/fleet";
import { ManagementCluster } from "../bench/management";
import { ensureManagementKubeconfig } from "../kubeconfig";
import { rawConfig } from "../stack-file";
import type { Thing } from "./things";

/** A lab that is looked at. */
export interface OpenLab {
    plan: LabPlan;
    want: Wanted;
    cluster: ManagementCluster;
    /** Text of the management cluster's kubeconfig. */
    kubeconfig: string;
}

/**
 * @param kubeconfig file of the management cluster's kubeconfig. Default: the one that the lab's program has written.
 */
export async function openLab(stack: string, kubeconfig?: string): Promise<OpenLab> {
    const config = validate(await rawConfig(stack));
    const planned = plan(config, stack);
    const file = kubeconfig ?? (await ensureManagementKubeconfig(stack));
    return {
        plan: planned,
        want: wanted(planned, config, "clusters"),
        cluster: ManagementCluster.at(file, planned.namespace),
        kubeconfig: await readFile(file, "utf8"),
    };
}

/** What the configuration has under a name. */
export const plannedThing =
    ({ want }: Pick<OpenLab, "want">) =>
    (name: string): Thing | undefined =>
        want.hosts.includes(name) ? "host" : want.clusters.includes(name) ? "cluster" : undefined;

/** A management cluster that does not answer. */
export const silent = (prefix: string, error: unknown): UserError =>
    new UserError(
        `the management cluster of ${prefix} does not answer: ${requestErrorText(error)}. ` +
            "docs/troubleshooting.md says where to look",
    );

/** Has a request to the management cluster fail in words for a person. */
export const answered = <Answer>(prefix: string, answer: Promise<Answer>): Promise<Answer> =>
    answer.catch((error: unknown) => {
        throw error instanceof UserError ? error : silent(prefix, error);
    });
