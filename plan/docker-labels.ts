/** Docker label of everything that a lab makes. Its value is the lab's prefix. */
export const LAB_LABEL = "metal3-scale-lab";

/** Labels by which the Docker objects of a lab are recognised and found again. @param prefix of the lab (`LabPlan`) */
export const dockerLabels = ({ prefix }: { prefix: string }): { label: string; value: string }[] => [
    { label: LAB_LABEL, value: prefix },
];

/**
 * Options of Docker networks and volumes. Their labels never change. Those that an older version of the replacement
 * plugins made bear one more label, which Pulumi's official docker plugin reads back. For a difference in labels it
 * would replace the network and every volume, with etcd and the hosts' state in them.
 */
export const LABELS_ONCE = { ignoreChanges: ["labels"] };
