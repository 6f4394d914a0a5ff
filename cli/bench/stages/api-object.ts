/**
 * Operations whose begin and end BMO notes in a BareMetalHost (operationHistory, v1alpha1): the last one of each kind.
 */
export type Operation = "register" | "inspect" | "provision" | "deprovision";

/** An object as the Kubernetes API gives it, with the fields that the stages are read from. */
export interface ApiObject {
    metadata: {
        name: string;
        namespace?: string;
        uid: string;
        creationTimestamp: string;
        deletionTimestamp?: string;
        annotations?: Record<string, string>;
    };
    spec?: Record<string, unknown>;
    status?: {
        provisioning?: { state?: string };
        operationHistory?: Partial<Record<Operation, { start?: string | null; end?: string | null }>>;
        conditions?: { type: string; status: string; lastTransitionTime?: string }[];
    };
}

/** @throws Error for a value without the fields that every object of the Kubernetes API has. */
export function apiObject(value: unknown): ApiObject {
    const metadata = (value as { metadata?: Partial<ApiObject["metadata"]> } | null | undefined)?.metadata;
    const missing = (["name", "uid", "creationTimestamp"] as const).filter(
        (key) => typeof metadata?.[key] !== "string",
    );
    if (missing.length > 0) {
        const text = JSON.stringify(value)?.slice(0, 200);
        throw new Error(
            `metadata.${missing.join(", metadata.")} missing in ${text}: not an object of the Kubernetes API`,
        );
    }
    return value as ApiObject;
}

/** Reads a time of the API as Unix time in milliseconds. A time that is null or absent has not been reached. */
export function time(text: string | null | undefined): number | undefined {
    if (text === null || text === undefined) {
        return undefined;
    }
    const parsed = Date.parse(text);
    if (Number.isNaN(parsed)) {
        throw new Error(`"${text}" is not a time of the Kubernetes API (RFC 3339)`);
    }
    return parsed;
}

/** When a condition turned True; undefined when it is not True now. A condition tells only of its last change. */
export function trueSince(object: ApiObject, type: string): number | undefined {
    const condition = object.status?.conditions?.find((candidate) => candidate.type === type);
    return condition?.status === "True" ? time(condition.lastTransitionTime) : undefined;
}

/** Tells apart two objects that have one name in two namespaces. */
export const key = (namespace: string | undefined, name: unknown): string => `${namespace ?? ""}/${String(name)}`;
