import type { StateObject } from "./holder";

/** Ids and names of everything in a state's resources. */
export function knownIds(resources: readonly Pick<StateObject, "id" | "outputs">[]): Set<string> {
    return new Set(
        resources
            .flatMap(({ id, outputs }) => [id, outputs?.["name"]])
            .filter((value): value is string => typeof value === "string"),
    );
}

/** The resources of a type, which is the last part of the types in `urn:pulumi:STACK::PROJECT::PARENTS$TYPE::NAME`. */
export const resourcesOf = (resources: readonly StateObject[], type: string): StateObject[] =>
    resources.filter(({ urn }) => urn.split("::").at(-2)?.split("$").at(-1) === type);

/** Whether a state has a resource of that type and Pulumi name. */
export const hasResource = (resources: readonly StateObject[], type: string, name: string): boolean =>
    resourcesOf(resources, type).some(({ urn }) => urn.split("::").at(-1) === name);
