/** The differences between two sets of inputs, and whether they replace the resource. */
import { Property, PropertyTable, PropertyType, withoutDefaultsNotes } from "./property";
import { Properties, UNKNOWN, Value, canonical, equal, isAssetOrArchive, isProperties } from "./values";

export type ChangeKind = "add" | "delete" | "update";
export interface Change {
    /** Path of the changed value, for example `labels[1].value`. */
    path: string;
    kind: ChangeKind;
    /** The change makes a new resource. */
    replace: boolean;
}
export interface Difference {
    changes: Change[];
    /** Top-level properties that force a replacement. */
    replaces: string[];
    /** Top-level properties with any change. */
    changed: string[];
}

/**
 * Compares the inputs with which a resource was made and the inputs wanted now, by the resource's table.
 *
 * A property that is not given counts as its default on both sides. A property that the provider computes has not
 * changed where it is no longer given. An unknown value has changed.
 */
export function diffProperties(
    olds: Properties,
    news: Properties,
    table: PropertyTable,
    ignored: readonly string[] = [],
): Difference {
    const difference: Difference = { changes: [], replaces: [], changed: [] };
    for (const [name, property] of Object.entries(table)) {
        const before = normalise(olds[name], property);
        const after = normalise(news[name], property);
        if (ignored.includes(name) || equal(before, after) || (before === undefined && after === undefined)) {
            continue;
        }
        if (after === undefined && property.computed) {
            continue;
        }
        const replace = (property.replace ?? false) || (after === undefined && (property.replaceWhenUnset ?? false));
        const changes = changesOf(before, after, property.type, name).map((change) => ({ ...change, replace }));
        if (changes.length === 0) {
            continue;
        }
        difference.changes.push(...changes);
        difference.changed.push(name);
        if (replace) {
            difference.replaces.push(name);
        }
    }
    return difference;
}

function normalise(value: Value, property: Property): Value {
    const plain = withoutDefaultsNotes(value ?? property.default);
    const spelled = plain !== undefined && plain !== null && property.spelling ? property.spelling(plain) : plain;
    if (
        spelled === undefined ||
        spelled === null ||
        (property.sameAsUnset ?? []).some((same) => equal(same, spelled))
    ) {
        return undefined;
    }
    return withInnerDefaults(spelled, property.type);
}

/** Fills in the defaults of nested objects, so that state written before a default existed is no difference. */
function withInnerDefaults(value: Value, type: PropertyType): Value {
    if (typeof type === "string" || value === UNKNOWN) {
        return value;
    }
    if ("list" in type) {
        if (!Array.isArray(value)) {
            return value;
        }
        const items = value.map((item) => withInnerDefaults(item, type.list));
        return type.unordered ? items.sort((left, right) => (canonical(left) < canonical(right) ? -1 : 1)) : items;
    }
    if (!isProperties(value)) {
        return value;
    }
    if ("map" in type) {
        return value;
    }
    const filled: Properties = { ...value };
    for (const [name, property] of Object.entries(type.properties)) {
        const inner = normalise(filled[name], property);
        if (inner === undefined) {
            delete filled[name];
        } else {
            filled[name] = inner;
        }
    }
    return filled;
}

function changesOf(
    before: Value,
    after: Value,
    type: PropertyType,
    path: string,
): { path: string; kind: ChangeKind }[] {
    if (before === undefined) {
        return [{ path, kind: "add" }];
    }
    if (after === undefined) {
        return [{ path, kind: "delete" }];
    }
    if (Array.isArray(before) && Array.isArray(after) && typeof type === "object" && "list" in type) {
        // A set was sorted for the comparison, so that positions in it are not those of the program: the set as a whole
        // is named.
        return type.unordered ? [{ path, kind: "update" }] : listChanges(before, after, type.list, path);
    }
    const objects =
        isProperties(before) && isProperties(after) && !isAssetOrArchive(before) && !isAssetOrArchive(after);
    if (objects && typeof type === "object") {
        const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
        return keys.flatMap((key) => {
            const inner = "map" in type ? type.map : "properties" in type ? type.properties[key] : undefined;
            if (
                equal(before[key], after[key]) ||
                (inner !== undefined && isComputed(inner) && after[key] === undefined)
            ) {
                return [];
            }
            const innerType = inner === undefined ? "any" : isProperty(inner) ? inner.type : inner;
            return changesOf(before[key], after[key], innerType, memberPath(path, key));
        });
    }
    return [{ path, kind: "update" }];
}

function isProperty(inner: Property | PropertyType): inner is Property {
    return typeof inner === "object" && "type" in inner && "description" in inner;
}

function isComputed(inner: Property | PropertyType): boolean {
    return isProperty(inner) && inner.computed === true;
}

/** Pulumi's notation: a key that is no identifier is quoted. */
function memberPath(path: string, key: string): string {
    return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

function listChanges(
    before: Value[],
    after: Value[],
    type: PropertyType,
    path: string,
): { path: string; kind: ChangeKind }[] {
    return Array.from({ length: Math.max(before.length, after.length) }, (_, index) => index).flatMap((index) =>
        index < before.length && index < after.length && equal(before[index], after[index])
            ? []
            : changesOf(before[index], after[index], type, `${path}[${index}]`),
    );
}
