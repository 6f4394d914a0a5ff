import type { LabPlan } from "../plan/plan";

/** Docker labels of everything a lab makes: by them it is recognised as ours, and found again. */
export const labels = (plan: LabPlan): { label: string; value: string }[] => [
    { label: "metal3-scale-lab", value: plan.prefix },
];
