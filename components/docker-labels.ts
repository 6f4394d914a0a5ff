import type { LabPlan } from "../plan/plan";

/** Docker labels of everything a lab makes: by them it is recognised as ours, and found again. */
export const labels = (plan: LabPlan): { label: string; value: string }[] => [
    { label: "metal3-scale-lab", value: plan.prefix },
];

/**
 * Options of networks and volumes. Their labels never change. Where an older version of the replacement plugins has made them they bear one more
 * label, and Pulumi's official docker plugin reads that one back: for a difference in labels it would replace the network, and every volume with
 * etcd and the hosts' state in it.
 */
export const LABELS_ONCE = { ignoreChanges: ["labels"] };
