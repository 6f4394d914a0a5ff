import type { LogRecord } from "./records";

/** By what the lines of a log are known that are about one thing. */
export interface Sought {
    /** Its names: a host's own, its UUIDs; a cluster's own, those of its objects. */
    names: readonly string[];
    /** Namespace of the lab. */
    namespace: string;
}

/** Fields of a record that say whose it is, with the namespace in them. */
const OBJECTS = ["baremetalhost", "BareMetalHost", "Cluster", "Machine", "Metal3Machine", "KubeadmControlPlane"];

/** Tells the records that name one of these as a whole word: host-0001 is not in host-00011, nor in host-0001-bmc. */
export function belongsTo({ names, namespace }: Sought): (record: LogRecord) => boolean {
    const all = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
    const named = new RegExp(String.raw`(?<![\w.-])(?:${all})(?![\w-]|\.\w)`);
    return ({ raw, fields }) => names.some((name) => raw.includes(name)) && named.test(raw) && isOf(namespace, fields);
}

/** Whether a record is about this namespace: other labs in the same cluster have hosts of the same names. */
function isOf(namespace: string, fields: LogRecord["fields"]): boolean {
    const said = [
        fields["namespace"],
        ...OBJECTS.map((field) => (fields[field] as { namespace?: unknown } | undefined)?.namespace),
    ].filter((each) => typeof each === "string");
    return said.length === 0 || said.includes(namespace);
}
