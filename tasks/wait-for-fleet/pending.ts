/** A part that the fleet lives on: a Deployment or StatefulSet of the lab, or a Docker container. */
export interface PartStatus {
    kind: "Deployment" | "StatefulSet" | "Container";
    /** Of a Kubernetes object: namespace/name. */
    name: string;
    /** Why the part does not work; undefined when it does. */
    trouble?: string;
    /** Since when it does not work, ISO 8601, where that is known. */
    since?: string;
    /** Nothing in the lab brings the part back. */
    lost?: Remedy;
}

/** What a person has to do about an object that nothing in the lab brings back. */
export type Remedy = "refresh" | "start";

/** An object that is not where it should be. */
export interface Pending {
    kind:
        | PartStatus["kind"]
        | "BareMetalHost"
        | "Cluster"
        | "KubeadmControlPlane"
        | "MachineDeployment"
        | "Machine"
        | "Node";
    name: string;
    /** The object's state and its last error. */
    reason: string;
    /** Of a part of a Cluster: that Cluster. */
    cluster?: string;
    /** Since when a part does not work, where that is known. */
    since?: string;
    /** Nothing in the lab brings the object back. */
    lost?: Remedy;
}

/** Whether a pending object is a part that the fleet lives on. */
export const isPart = ({ kind }: Pick<Pending, "kind">): boolean =>
    ["Deployment", "StatefulSet", "Container", "Node"].includes(kind);

/** The parts that do not work. */
export const pendingParts = (parts: readonly PartStatus[]): Pending[] =>
    parts.flatMap(({ kind, name, trouble, lost, since }) =>
        trouble === undefined
            ? []
            : [{ kind, name, reason: trouble, ...(lost ? { lost } : {}), ...(since === undefined ? {} : { since }) }],
    );
