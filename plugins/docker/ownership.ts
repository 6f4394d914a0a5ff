/**
 * Whose a container, network or volume is. Pulumi learns of a resource only when its creation returns: an `up` that is
 * killed before that leaves an object behind that no state knows. The next `up` has to recognise it.
 *
 * A container bears a label with its resource's URN, which holds stack, project and name. A network or a volume must
 * not bear a label that the program does not give: the official plugin reads their labels back, and replaces a network
 * or a volume whose labels differ from the program's, with all that is in it. They are recognised by their name and the
 * program's own labels.
 */
import type Docker from "dockerode";
import { Context } from "../shared/definition";
import { Properties, Value, isProperties } from "../shared/values";

/**
 * The label on every container. Networks and volumes bear it, too, where an older version of this plugin has made them.
 */
export const OWNER_LABEL = "io.metal3-scale-lab.pulumi-urn";

type Labels = Record<string, string> | null | undefined;

export function ownerLabels(urn: string): Record<string, string> {
    return { [OWNER_LABEL]: urn };
}

/** Whether a container was made for the resource with this URN. */
export function isContainerOf(urn: string, labels: Labels): boolean {
    return labels?.[OWNER_LABEL] === urn;
}

/** The labels of a resource as Docker has them. */
export function labelMap(labels: Value): Record<string, string> {
    return Object.fromEntries(
        ((labels ?? []) as Properties[]).map((label) => [label["label"] as string, label["value"] as string]),
    );
}

/**
 * Whether a network or volume of the wanted name has every label that the program gives. Without such a label nothing
 * is recognised.
 */
export function hasProgramLabels(labels: Labels, wanted: Value): boolean {
    const given = Object.entries(labelMap(wanted));
    return given.length > 0 && given.every(([name, value]) => labels?.[name] === value);
}

/**
 * Labels without {@link OWNER_LABEL}, which a refresh by the official plugin takes into the state; undefined where none
 * is left.
 */
export function withoutOwner(labels: Value): Value {
    if (!Array.isArray(labels)) {
        return labels;
    }
    const own = labels.filter((label) => !(isProperties(label) && label["label"] === OWNER_LABEL));
    return own.length === 0 ? undefined : own;
}

/** The error for a name that is taken. It says by whom, and how to go on. */
export function takenError(
    kind: "container" | "network" | "volume",
    name: string,
    labels: Labels,
    details: string,
): Error {
    const owner = labels?.[OWNER_LABEL];
    const whose = owner === undefined ? "was not made by this stack" : `belongs to ${owner}`;
    const remove = kind === "container" ? `docker rm -f ${name}` : `docker ${kind} rm ${name}`;
    return new Error(
        `a ${kind} named ${name} exists already (${details}) and ${whose}: ` +
            `choose another name, or remove it with \`${remove}\``,
    );
}

/** The stack's part of a URN: `urn:pulumi:STACK::PROJECT`. */
function stackOf(urn: string): string {
    return urn.split("::").slice(0, 2).join("::");
}

/**
 * Removes the containers of this very stack that still use a network or volume that is about to be deleted. Pulumi
 * deletes the containers that it knows before what they use: one that is left was made by an update that was killed
 * before it could write the container down.
 *
 * @param use filter of GET /containers/json, for example `{ network: [ID] }`.
 */
export async function removeForgotten(client: Docker, use: Record<string, string[]>, context: Context): Promise<void> {
    const users = await client.listContainers({ all: true, filters: { ...use, label: [OWNER_LABEL] } });
    for (const user of users) {
        const owner = user.Labels[OWNER_LABEL] ?? "";
        if (stackOf(owner) === stackOf(context.urn)) {
            const name = user.Names[0]?.slice(1) ?? user.Id;
            context.log("info", `removing container ${name}, which an interrupted update of this stack has left`);
            await client.getContainer(user.Id).remove({ force: true, v: true });
        }
    }
}
