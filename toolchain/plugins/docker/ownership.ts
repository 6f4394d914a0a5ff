/**
 * Whose a container, network or volume is. Pulumi learns of a resource only when its creation returns: an `up` that is killed in between leaves
 * something behind that no state knows. A label with the resource's URN (it holds stack, project and name) lets the next `up` recognise it.
 */

/** The label on everything this plugin makes. */
export const OWNER_LABEL = "io.metal3-scale-lab.pulumi-urn";

export function ownerLabels(urn: string): Record<string, string> {
    return { [OWNER_LABEL]: urn };
}

export function isOurs(labels: Record<string, string> | null | undefined, urn: string): boolean {
    return labels?.[OWNER_LABEL] === urn;
}

/** The error for a name that is taken. It says by whom, and how to go on. */
export function takenError(kind: "container" | "network" | "volume", name: string, labels: Record<string, string> | null | undefined, details: string): Error {
    const owner = labels?.[OWNER_LABEL];
    const whose = owner === undefined ? "was not made by this stack" : `belongs to ${owner}`;
    const remove = kind === "container" ? `docker rm -f ${name}` : `docker ${kind} rm ${name}`;
    return new Error(`a ${kind} named ${name} exists already (${details}) and ${whose}: choose another name, or remove it with \`${remove}\``);
}
