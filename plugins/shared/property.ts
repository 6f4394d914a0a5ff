/** The tables that describe a resource's properties: one table drives checking, defaults, differences and the schema. */
import { Properties, UNKNOWN, Value, isAssetOrArchive, isProperties } from "./values";

export type PropertyType =
    "string" | "integer" | "number" | "boolean" | "any" | "asset" | "archive" | ListType | MapType | ObjectType;
export interface ListType {
    list: PropertyType;
    /** The order of the elements means nothing (a set upstream): a reordering is no difference. */
    unordered?: boolean;
}
export interface MapType {
    map: PropertyType;
}
export interface ObjectType {
    /** Name of the type in the official schema, for example `docker:index/ContainerPort:ContainerPort`. */
    object: string;
    properties: PropertyTable;
    /** Members of the official type that this stand-in does not serve. Setting one is an error. */
    notServed?: readonly string[];
}

export interface Property {
    type: PropertyType;
    description: string;
    required?: boolean;
    /** Filled in by the check, as the official provider does (and noted in `__defaults`). */
    default?: Value;
    /** A change makes a new resource. Otherwise it is an update. */
    replace?: boolean;
    /** Only taking the value away makes a new resource: there is a way to change it, and none to unset it. */
    replaceWhenUnset?: boolean;
    /** The provider chooses a value where none is given: leaving it out later is no change. */
    computed?: boolean;
    /** Values that mean the same as leaving the property out. */
    sameAsUnset?: readonly Value[];
    /** The value is secret whatever the program says. */
    secret?: boolean;
    /** What is wrong with a known value of the right type, or undefined. The message states the rule. */
    rule?: (value: never) => string | undefined;
}
export type PropertyTable = Readonly<Record<string, Property>>;

export interface Failure {
    /** Path of the property, for example `ports[0].internal`. */
    property: string;
    reason: string;
}

/** The bridge's note of which members came from defaults, kept so that state can pass between the official provider and this one. */
export const DEFAULTS_KEY = "__defaults";

export interface Table {
    properties: PropertyTable;
    notServed: readonly string[];
    /** Names the owner in messages, for example `docker:index/container:Container`. */
    owner: string;
}

/** Checks inputs against a table and fills in defaults. Every failure is reported, not only the first. */
export function checkProperties(
    inputs: Properties,
    table: Table,
    path = "",
): { inputs: Properties; failures: Failure[] } {
    const failures: Failure[] = [];
    const checked: Properties = {};
    for (const [name, value] of Object.entries(inputs)) {
        if (name === DEFAULTS_KEY) {
            continue;
        }
        const property = table.properties[name];
        const where = path === "" ? name : `${path}.${name}`;
        if (property === undefined) {
            failures.push({ property: where, reason: unserved(name, table) });
            continue;
        }
        const result = checkValue(value, property.type, where, table.owner);
        checked[name] = result.value;
        failures.push(...result.failures);
        if (result.failures.length === 0 && result.value !== UNKNOWN) {
            const complaint = property.rule?.(result.value as never);
            if (complaint !== undefined) {
                failures.push({
                    property: where,
                    reason: `${where} ${complaint}, but is ${show(result.value, property)}`,
                });
            }
        }
    }
    const defaulted: string[] = [];
    for (const [name, property] of Object.entries(table.properties)) {
        if (checked[name] !== undefined) {
            continue;
        }
        const where = path === "" ? name : `${path}.${name}`;
        if (property.default !== undefined) {
            checked[name] = structuredClone(property.default);
            defaulted.push(name);
        } else if (property.required) {
            failures.push({ property: where, reason: `${where} is required` });
        }
    }
    checked[DEFAULTS_KEY] = defaulted.sort();
    return { inputs: checked, failures };
}

function show(value: Value, property: Property): string {
    return property.secret ? "a secret of another form" : JSON.stringify(value);
}

function unserved(name: string, table: Table): string {
    if (table.notServed.includes(name)) {
        return (
            `${name} of ${table.owner} is not implemented by this stand-in provider: leave it out, or install the official plugin ` +
            `(pulumi plugin install)`
        );
    }
    return `${name} is not a property of ${table.owner}; it has ${Object.keys(table.properties).sort().join(", ")}`;
}

function checkValue(
    value: Value,
    type: PropertyType,
    path: string,
    owner: string,
): { value: Value; failures: Failure[] } {
    const wrong = (wanted: string): { value: Value; failures: Failure[] } => ({
        value,
        failures: [{ property: path, reason: `${path} must be ${wanted}, but is ${describe(value)}` }],
    });
    if (value === UNKNOWN) {
        return { value, failures: [] };
    }
    if (typeof type === "string") {
        const fits = PRIMITIVES[type];
        return fits.test(value) ? { value, failures: [] } : wrong(fits.name);
    }
    if ("list" in type) {
        if (!Array.isArray(value)) {
            return wrong("a list");
        }
        const items = value.map((item, index) => checkValue(item, type.list, `${path}[${index}]`, owner));
        return { value: items.map((item) => item.value), failures: items.flatMap((item) => item.failures) };
    }
    if (!isProperties(value) || isAssetOrArchive(value)) {
        return wrong("an object");
    }
    if ("map" in type) {
        const entries = Object.entries(value).map(
            ([key, item]) => [key, checkValue(item, type.map, `${path}.${key}`, owner)] as const,
        );
        return {
            value: Object.fromEntries(entries.map(([key, item]) => [key, item.value])),
            failures: entries.flatMap(([, item]) => item.failures),
        };
    }
    const result = checkProperties(
        value,
        { properties: type.properties, notServed: type.notServed ?? [], owner: `${owner} (${path})` },
        path,
    );
    return { value: result.inputs, failures: result.failures };
}

const PRIMITIVES: Record<Extract<PropertyType, string>, { name: string; test: (value: Value) => boolean }> = {
    string: { name: "a string", test: (value) => typeof value === "string" },
    boolean: { name: "true or false", test: (value) => typeof value === "boolean" },
    number: { name: "a number", test: (value) => typeof value === "number" && Number.isFinite(value) },
    integer: { name: "a whole number", test: (value) => Number.isSafeInteger(value) },
    any: { name: "anything", test: () => true },
    asset: { name: "an asset", test: isAssetOrArchive },
    archive: { name: "an archive", test: isAssetOrArchive },
};

/** The kind of a value, never the value itself: it may be a secret. */
function describe(value: Value): string {
    if (value === null || value === undefined) {
        return "missing";
    }
    if (Array.isArray(value)) {
        return "a list";
    }
    return typeof value === "object"
        ? "an object"
        : typeof value === "number"
          ? `the number ${value}`
          : `a ${typeof value}`;
}

/** Without the bridge's notes (`__defaults`, `__meta`), at any depth. */
export function withoutNotes(value: Value): Value {
    if (Array.isArray(value)) {
        return value.map(withoutNotes);
    }
    if (isProperties(value) && !isAssetOrArchive(value)) {
        return Object.fromEntries(
            Object.entries(value)
                .filter(([key]) => !key.startsWith("__"))
                .map(([key, item]) => [key, withoutNotes(item)]),
        );
    }
    return value;
}
