import type { StateObject } from "./holder";

/** Ids and names of everything in a state's resources. */
export function knownIds(resources: readonly Pick<StateObject, "id" | "outputs">[]): Set<string> {
    return new Set(
        resources
            .flatMap(({ id, outputs }) => [id, outputs?.["name"]])
            .filter((value): value is string => typeof value === "string"),
    );
}

/** Whether a state has a resource of that type and Pulumi name: `urn:pulumi:STACK::PROJECT::PARENTS$TYPE::NAME`. */
export const hasResource = (resources: readonly StateObject[], type: string, name: string): boolean =>
    resources.some(({ urn }) => urn.split("::").at(-1) === name && urn.split("::").at(-2)?.split("$").at(-1) === type);
