import { parseAllDocuments } from "yaml";

/** A Kubernetes object as it stands in a manifest: only what every object has is typed. */
export interface Manifest {
    apiVersion: string;
    kind: string;
    metadata: {
        name: string;
        namespace?: string;
        labels?: Record<string, string>;
        annotations?: Record<string, string>;
        [key: string]: unknown;
    };
    [key: string]: unknown;
}

/** Upstream's manifests are not what this program was written for, or were asked for something they do not hold. */
export class ManifestError extends Error {
    override readonly name = "ManifestError";
}

/** `Kind namespace/name`, or `Kind name` for objects without a namespace. */
export function describe(manifest: Manifest): string {
    const { name, namespace } = manifest.metadata;
    return namespace === undefined ? `${manifest.kind} ${name}` : `${manifest.kind} ${namespace}/${name}`;
}

/**
 * Parses a stream of YAML documents. Empty documents are left out.
 *
 * @param source named in errors: a file or a provider.
 * @throws ManifestError naming every document that is not YAML or not a Kubernetes object.
 */
export function parseManifests(text: string, source: string): Manifest[] {
    const problems: string[] = [];
    const manifests: Manifest[] = [];
    const documents = parseAllDocuments(text, { logLevel: "error" });
    [...documents].forEach((document, index) => {
        const problem = document.errors[0];
        if (problem !== undefined) {
            problems.push(`document ${String(index + 1)}: ${problem.message.split("\n")[0] ?? "not YAML"}`);
            return;
        }
        const value: unknown = document.toJS();
        if (value === null || value === undefined) {
            return;
        }
        const missing = missingField(value);
        if (missing === undefined) {
            manifests.push(value as Manifest);
        } else {
            problems.push(`document ${String(index + 1)}: no ${missing}`);
        }
    });
    if (problems.length > 0) {
        throw new ManifestError(`${source} is not a stream of Kubernetes objects: ${problems.join("; ")}`);
    }
    return manifests;
}

function missingField(value: unknown): string | undefined {
    const object = asRecord(value);
    if (typeof object?.apiVersion !== "string") {
        return "apiVersion";
    }
    if (typeof object.kind !== "string") {
        return "kind";
    }
    return typeof asRecord(object.metadata)?.name === "string" ? undefined : "metadata.name";
}

/**
 * One stream with a document per object. JSON is YAML, and a thousand kilobytes of CRDs are
 * written in milliseconds where a YAML writer needs seconds.
 */
export function formatManifests(manifests: readonly Manifest[]): string {
    return manifests.map((manifest) => `---\n${JSON.stringify(manifest)}\n`).join("");
}

/**
 * The one object of this kind and name.
 *
 * @throws ManifestError that lists the objects of this kind there are.
 */
export function findManifest(manifests: readonly Manifest[], kind: string, name: string): Manifest {
    const ofKind = manifests.filter((manifest) => manifest.kind === kind);
    const found = ofKind.filter((manifest) => manifest.metadata.name === name);
    const [only] = found;
    if (only === undefined || found.length > 1) {
        const there = ofKind.map((manifest) => manifest.metadata.name).join(", ") || "none";
        throw new ManifestError(
            `expected one ${kind} named ${name}, found ${String(found.length)} (of this kind: ${there})`,
        );
    }
    return only;
}

/** The list with one object replaced by `change` of a copy of it; the input is left alone. */
export function changeManifest(
    manifests: readonly Manifest[],
    target: Manifest,
    change: (copy: Manifest) => void,
): Manifest[] {
    return manifests.map((manifest) => {
        if (manifest !== target) {
            return manifest;
        }
        const copy = copyPlain(manifest);
        change(copy);
        return copy;
    });
}

/** Copies objects and lists; anything else, such as a value that is known only later, is the same in the copy. */
function copyPlain<T>(value: T): T {
    if (Array.isArray(value)) {
        return value.map((item: unknown) => copyPlain(item)) as T;
    }
    if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
        return value;
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyPlain(item as unknown)])) as T;
}

/** The value as a record, or undefined if it is anything else. */
export function asRecord(value: unknown): Record<string, unknown> | undefined {
    return typeof value === "object" && value !== null && !Array.isArray(value)
        ? (value as Record<string, unknown>)
        : undefined;
}

/** The value as a list of records; anything else in it is left out. */
export function asRecords(value: unknown): Record<string, unknown>[] {
    return Array.isArray(value) ? value.map(asRecord).filter((item) => item !== undefined) : [];
}

/**
 * The record at a path of keys within an object.
 *
 * @throws ManifestError naming the object and the first key that is missing.
 */
export function recordAt(manifest: Manifest, ...path: string[]): Record<string, unknown> {
    let current: Record<string, unknown> = manifest;
    for (const [depth, key] of path.entries()) {
        const next = asRecord(current[key]);
        if (next === undefined) {
            throw new ManifestError(`${describe(manifest)} has no ${path.slice(0, depth + 1).join(".")}`);
        }
        current = next;
    }
    return current;
}
