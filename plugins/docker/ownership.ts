/**
 * Whose a container, network or volume is. Pulumi learns of a resource only when its creation returns: an `up` that is killed in between leaves
 * something behind that no state knows. A label with the resource's URN (it holds stack, project and name) lets the next `up` recognise it.
 */

import type Docker from "dockerode";
import { Context } from "../shared/definition";

/** The label on everything this plugin makes. */
export const OWNER_LABEL = "io.metal3-scale-lab.pulumi-urn";

export function ownerLabels(urn: string): Record<string, string> {
    return { [OWNER_LABEL]: urn };
}

export function isOurs(labels: Record<string, string> | null | undefined, urn: string): boolean {
    return labels?.[OWNER_LABEL] === urn;
}

/** The error for a name that is taken. It says by whom, and how to go on. */
export function takenError(
    kind: "container" | "network" | "volume",
    name: string,
    labels: Record<string, string> | null | undefined,
    details: string,
): Error {
    const owner = labels?.[OWNER_LABEL];
    const whose = owner === undefined ? "was not made by this stack" : `belongs to ${owner}`;
    const remove = kind === "container" ? `docker rm -f ${name}` : `docker ${kind} rm ${name}`;
    return new Error(
        `a ${kind} named ${name} exists already (${details}) and ${whose}: choose another name, or remove it with \`${remove}\``,
    );
}

/** The stack's part of a URN: `urn:pulumi:STACK::PROJECT`. */
function stackOf(urn: string): string {
    return urn.split("::").slice(0, 2).join("::");
}

/**
 * Removes the containers of this very stack that still use something it is about to delete. Pulumi deletes the containers it knows before what
 * they use: one that is left was made by an update that was killed before it could write it down.
 *
 * @param use filter of GET /containers/json, for example `{ network: [ID] }`.
 */
export async function removeForgotten(client: Docker, use: Record<string, string[]>, context: Context): Promise<void> {
    const users = await client.listContainers({ all: true, filters: { ...use, label: [OWNER_LABEL] } });
    for (const user of users) {
        const owner = user.Labels[OWNER_LABEL] ?? "";
        if (stackOf(owner) === stackOf(context.urn)) {
            context.log(
                "info",
                `container ${user.Names[0]?.slice(1) ?? user.Id} is left over from an interrupted update of this stack: it is removed`,
            );
            await client.getContainer(user.Id).remove({ force: true, v: true });
        }
    }
}
