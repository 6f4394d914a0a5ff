import { dockerLabels, LAB_LABEL } from "./docker-labels";

/**
 * Where a lab is made from. It is recorded in labels of the lab's Docker network, because another user with another
 * home and another checkout shares nothing with the lab but the Docker daemon; in a cluster that is there, in
 * annotations of the lab's namespace.
 */
export interface LabOwner {
    /** Tells the stack's state from any other state. Undefined: it cannot be told here. */
    id?: string;
    /** URL of the Pulumi backend that keeps the state. */
    state: string;
    /** Folder of the checkout. */
    checkout: string;
    /** Login name and machine, `name@machine`. */
    user: string;
}

/**
 * Variable in which the command line tells the program that the state knows the lab: id of the object that bears the
 * record. The program itself cannot read ids in the state.
 */
export const VERIFIED_VARIABLE = "METAL3_SCALE_LAB_VERIFIED";

/** Docker labels, or annotations, of the record, by the field that they hold. */
const FIELDS = {
    id: `${LAB_LABEL}.state-id`,
    state: `${LAB_LABEL}.state`,
    checkout: `${LAB_LABEL}.checkout`,
    user: `${LAB_LABEL}.user`,
} as const;

/** The record of a lab's owner, as labels of the lab's network. */
export const ownerLabels = (owner: LabOwner): { label: string; value: string }[] =>
    (Object.keys(FIELDS) as (keyof typeof FIELDS)[]).flatMap((field) => {
        const value = owner[field];
        return value === undefined ? [] : [{ label: FIELDS[field], value }];
    });

/** The record, and the lab's prefix, as annotations of the lab's namespace. @param lab its plan */
export const ownerAnnotations = (owner: LabOwner, lab: { prefix: string }): Record<string, string> =>
    Object.fromEntries([...dockerLabels(lab), ...ownerLabels(owner)].map(({ label, value }) => [label, value]));

/** Reads the record back. Undefined when there is none: older labs have no record. */
export function readOwner(labels: Readonly<Record<string, string>> | null | undefined): LabOwner | undefined {
    const { [FIELDS.id]: id, [FIELDS.state]: state, [FIELDS.checkout]: checkout, [FIELDS.user]: user } = labels ?? {};
    if (state === undefined || checkout === undefined || user === undefined) {
        return undefined;
    }
    return { ...(id === undefined ? {} : { id }), state, checkout, user };
}
