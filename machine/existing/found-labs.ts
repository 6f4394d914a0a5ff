import { CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import { LAB_LABEL } from "../../plan/docker-labels";
import { readOwner, type LabOwner } from "../../plan/lab-owner";
import { whoseLab } from "../owner";

/** A lab that stands in a cluster, as the record on its namespace tells. */
export interface FoundLab {
    /** Prefix of its names: it follows from the name of its stack. */
    prefix: string;
    namespace: string;
    /** The record of who made it. */
    owner?: LabOwner;
    since?: Date;
}

/** The labs of all users that stand in a cluster. */
export async function findLabs(api: KubeConfig): Promise<FoundLab[]> {
    const { items } = await api.makeApiClient(CoreV1Api).listNamespace();
    return items.flatMap(({ metadata }): FoundLab[] => {
        const { [LAB_LABEL]: prefix } = metadata?.annotations ?? {};
        const [owner, since] = [readOwner(metadata?.annotations), metadata?.creationTimestamp];
        return prefix === undefined
            ? []
            : [{ prefix, namespace: metadata?.name ?? "", ...(owner && { owner }), ...(since && { since }) }];
    });
}

/** Which lab it is, and what to do about it. */
export const foundLabText = (lab: FoundLab): string =>
    `has the lab ${lab.prefix} in the namespace ${lab.namespace}${whoseLab(lab)}: a cluster holds one lab; ` +
    "take another cluster, or remove that lab with `npm run down` where its state is";
