/** Docker label of everything that a lab makes. Its value is the lab's prefix. */
export const LAB_LABEL = "metal3-scale-lab";

/** Labels by which the Docker objects of a lab are recognised and found again. @param prefix of the lab (`LabPlan`) */
export const dockerLabels = ({ prefix }: { prefix: string }): { label: string; value: string }[] => [
    { label: LAB_LABEL, value: prefix },
];
