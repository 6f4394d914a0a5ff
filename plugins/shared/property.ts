/**
 * The tables that describe a resource's properties. Checks, defaults, differences and the schema all follow from one
 * table.
 */
import { Properties, UNKNOWN, Value, isAssetOrArchive, isProperties } from "./values";

export type PropertyType = "string" | "integer" | "boolean" | "any" | ListType | MapType | ObjectType;
export interface ListType {
    list: PropertyType;
    /** Whether the list is a set upstream: another order of its elements is no difference. */
    unordered?: boolean;
}
export interface MapType {
    map: PropertyType;
}
export interface ObjectType {
    /** Name of the type in the official schema, for example `docker:index/ContainerPort:ContainerPort`. */
    object: string;
    properties: PropertyTable;
    /** Members of the official type that the replacement plugin does not serve. Setting one is an error. */
    notServed?: readonly string[];
}

export interface Property {
    type: PropertyType;
    description: string;
    required?: boolean;
    /** What the provider uses where the program gives no value. */
    default?: Value;
    /** Whether a change replaces the resource. Otherwise the change is an update. */
    replace?: boolean;
    /**
     * Whether the removal of the value replaces the resource, because the value can be changed in place but not unset.
     */
    replaceWhenUnset?: boolean;
    /** Whether the provider chooses a value where none is given. To leave the value out later is no change. */
    computed?: boolean;
    /** Values that mean the same as leaving the property out. */
    sameAsUnset?: readonly Value[];
    /**
     * One spelling of all values that mean the same. Only differences are computed with it; the program's own value is
     * what is used.
     */
    spelling?: (value: Value) => Value;
    /** Whether the value is always secret. */
    secret?: boolean;
    /** Checks a known value of the right type. Returns the rule that it breaks, or undefined. */
    rule?: (value: never) => string | undefined;
}
export type PropertyTable = Readonly<Record<string, Property>>;

export interface Failure {
    /** Path of the property, for example `ports[0].internal`. */
    property: string;
    reason: string;
}

/**
 * Where Pulumi's Terraform bridge notes which members of an object came from defaults. Bridged providers write and
 * expect the note; a native provider (command) fails on it as on any member that it does not know.
 */
export const DEFAULTS_KEY = "__defaults";

export interface Table {
    properties: PropertyTable;
    notServed: readonly string[];
    /** The owner's name in messages, for example `docker:index/container:Container`. */
    owner: string;
    /** Whether the check fills in defaults and notes them under {@link DEFAULTS_KEY}. */
    fillDefaults: boolean;
}

/** Checks inputs against a table. Every failure is reported, not only the first. */
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
        const result = checkValue(value, property.type, where, table);
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
        if (property.required) {
            failures.push({ property: where, reason: `${where} is required` });
        } else if (table.fillDefaults && property.default !== undefined) {
            checked[name] = structuredClone(property.default);
            defaulted.push(name);
        }
    }
    if (table.fillDefaults) {
        checked[DEFAULTS_KEY] = defaulted.sort();
    }
    return { inputs: checked, failures };
}

function show(value: Value, property: Property): string {
    return property.secret ? "a secret of another form" : JSON.stringify(value);
}

function unserved(name: string, table: Table): string {
    if (table.notServed.includes(name)) {
        return (
            `${name} of ${table.owner} is not implemented by this replacement plugin: ` +
            "leave it out, or use Pulumi's official plugin (METAL3_SCALE_LAB_PLUGINS=official)"
        );
    }
    return `${name} is not a property of ${table.owner}; it has ${Object.keys(table.properties).sort().join(", ")}`;
}

function checkValue(
    value: Value,
    type: PropertyType,
    path: string,
    table: Table,
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
        const items = value.map((item, index) => checkValue(item, type.list, `${path}[${index}]`, table));
        return { value: items.map((item) => item.value), failures: items.flatMap((item) => item.failures) };
    }
    if (!isProperties(value) || isAssetOrArchive(value)) {
        return wrong("an object");
    }
    if ("map" in type) {
        const entries = Object.entries(value).map(
            ([key, item]) => [key, checkValue(item, type.map, `${path}.${key}`, table)] as const,
        );
        return {
            value: Object.fromEntries(entries.map(([key, item]) => [key, item.value])),
            failures: entries.flatMap(([, item]) => item.failures),
        };
    }
    const result = checkProperties(
        value,
        {
            ...table,
            properties: type.properties,
            notServed: type.notServed ?? [],
            owner: `${table.owner} (${path})`,
        },
        path,
    );
    return { value: result.inputs, failures: result.failures };
}

const PRIMITIVES: Record<Extract<PropertyType, string>, { name: string; test: (value: Value) => boolean }> = {
    string: { name: "a string", test: (value) => typeof value === "string" },
    boolean: { name: "true or false", test: (value) => typeof value === "boolean" },
    integer: { name: "a whole number", test: (value) => Number.isSafeInteger(value) },
    any: { name: "anything", test: () => true },
};

/** The kind of a value, for messages. The value itself may be a secret. */
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

/**
 * A resource's properties without what providers note among them: `__meta` and the like at the top, `__defaults` at any
 * depth.
 */
export function withoutNotes(properties: Properties): Properties {
    const own = Object.entries(properties).filter(([key]) => !key.startsWith("__"));
    return withoutDefaultsNotes(Object.fromEntries(own)) as Properties;
}

/**
 * Without `__defaults` at any depth. Other names with two underscores can be the program's own, for example in an
 * environment.
 */
export function withoutDefaultsNotes(value: Value): Value {
    if (Array.isArray(value)) {
        return value.map(withoutDefaultsNotes);
    }
    if (isProperties(value) && !isAssetOrArchive(value)) {
        return Object.fromEntries(
            Object.entries(value)
                .filter(([key]) => key !== DEFAULTS_KEY)
                .map(([key, item]) => [key, withoutDefaultsNotes(item)]),
        );
    }
    return value;
}

/** The defaults of a table, by the property's name. */
export function defaultsOf(table: PropertyTable): Properties {
    return Object.fromEntries(
        Object.entries(table).flatMap(([name, property]) =>
            property.default === undefined ? [] : [[name, property.default]],
        ),
    );
}
