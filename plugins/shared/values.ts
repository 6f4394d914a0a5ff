/**
 * Pulumi property values on the wire (a protobuf Struct with marked objects) and in this code.
 *
 * Inside the plugins a value is plain JSON, with two exceptions: {@link UNKNOWN} where a preview does not know a value
 * yet, and assets and archives, which stay marked objects. {@link reveal} takes the marks of secrets off, and {@link
 * conceal} puts them back. The signatures are those of sdk/go/common/resource and sdk/proto. They are stable, as part
 * of the format of state files.
 */
import * as struct from "google-protobuf/google/protobuf/struct_pb";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";

/** The strings that the engine writes for a value that a preview does not know: one for each type. */
const UNKNOWN_STRINGS = new Set([
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9", // string, and any type
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
    "030794c1-ac77-496b-92df-f27374a8bd58", // asset
    "e48ece36-62e2-4504-bad9-02848725956a", // archive
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);
const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A value that only the real run will know. Compare it by identity. */
export const UNKNOWN: unique symbol = Symbol("unknown");

export type Value = undefined | null | boolean | number | string | typeof UNKNOWN | Value[] | Properties;
export interface Properties {
    [key: string]: Value;
}

export function isProperties(value: unknown): value is Properties {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True for an asset or an archive, which is compared and stored as one thing. */
export function isAssetOrArchive(value: Value): boolean {
    return isProperties(value) && (value[SIGNATURE] === ASSET || value[SIGNATURE] === ARCHIVE);
}

/** The message's properties as they are on the wire, with the marks of secrets and unknowns. */
export function fromStruct(message: struct.Struct | undefined): Properties {
    return message?.toJavaScript() ?? {};
}

/** The wire form. {@link UNKNOWN} becomes the engine's marker, undefined members are left out. */
export function toStruct(properties: Properties): struct.Struct {
    return struct.Struct.fromJavaScript(toWire(properties) as Record<string, struct.JavaScriptValue>);
}

function toWire(value: Value): unknown {
    if (value === UNKNOWN) {
        return UNKNOWN_STRING;
    }
    if (Array.isArray(value)) {
        return value.map((item) => (item === undefined ? null : toWire(item)));
    }
    if (isProperties(value)) {
        return Object.fromEntries(
            Object.entries(value)
                .filter(([, item]) => item !== undefined)
                .map(([key, item]) => [key, toWire(item)]),
        );
    }
    return value;
}

/**
 * The plain value without marks of secrets, and {@link UNKNOWN} where it is not known. Null members count as not given.
 */
export function reveal(value: Value): Value {
    if (typeof value === "string") {
        return UNKNOWN_STRINGS.has(value) ? UNKNOWN : value;
    }
    if (Array.isArray(value)) {
        return value.map(reveal);
    }
    if (isProperties(value)) {
        if (value[SIGNATURE] === SECRET) {
            return reveal(value["value"]);
        }
        if (value[SIGNATURE] === OUTPUT) {
            return value["value"] === undefined ? UNKNOWN : reveal(value["value"]);
        }
        if (isAssetOrArchive(value)) {
            return value;
        }
        return revealProperties(value);
    }
    return value;
}

export function revealProperties(value: Properties): Properties {
    return Object.fromEntries(
        Object.entries(value)
            .filter(([, item]) => item !== null && item !== undefined)
            .map(([key, item]) => [key, reveal(item)]),
    );
}

function holdsSecret(value: Value): boolean {
    if (Array.isArray(value)) {
        return value.some(holdsSecret);
    }
    if (!isProperties(value)) {
        return false;
    }
    if (value[SIGNATURE] === SECRET || (value[SIGNATURE] === OUTPUT && value["secret"] === true)) {
        return true;
    }
    return Object.values(value).some(holdsSecret);
}

/** The top-level keys whose values hold a secret at any depth. */
export function secretKeys(...wire: Properties[]): Set<string> {
    return new Set(wire.flatMap((properties) => Object.keys(properties).filter((key) => holdsSecret(properties[key]))));
}

/** Marks the named top-level values as secrets. */
export function conceal(properties: Properties, keys: ReadonlySet<string>): Properties {
    return Object.fromEntries(
        Object.entries(properties).map(([key, value]) => [
            key,
            keys.has(key) && value !== undefined ? { [SIGNATURE]: SECRET, value } : value,
        ]),
    );
}

/**
 * `wire` with what `checked` has in addition. Defaults that a check has filled in come to stand beside secrets and
 * unknowns, so that no more is secret than the program has made secret.
 */
export function mergeChecked(wire: Value, checked: Value): Value {
    if (isProperties(wire) && (wire[SIGNATURE] === SECRET || wire[SIGNATURE] === OUTPUT)) {
        return checked === UNKNOWN ? wire : { ...wire, value: mergeChecked(wire["value"], checked) };
    }
    if (Array.isArray(wire) && Array.isArray(checked)) {
        return wire.map((item, index) => mergeChecked(item, checked[index]));
    }
    if (isProperties(wire) && isProperties(checked) && !isAssetOrArchive(wire)) {
        return Object.fromEntries(
            Object.entries(checked).map(([key, item]) => [key, key in wire ? mergeChecked(wire[key], item) : item]),
        );
    }
    return checked;
}

/** Whether a value is or holds something that a preview does not know. */
export function holdsUnknown(value: Value): boolean {
    if (value === UNKNOWN) {
        return true;
    }
    if (Array.isArray(value)) {
        return value.some(holdsUnknown);
    }
    return isProperties(value) && Object.values(value).some(holdsUnknown);
}

/**
 * Structural equality. Undefined members count as absent. Nothing equals {@link UNKNOWN}, which may become any value.
 */
export function equal(left: Value, right: Value): boolean {
    return !holdsUnknown(left) && !holdsUnknown(right) && canonical(left) === canonical(right);
}

/** A text that is the same for all equal values, whatever the order of their keys. */
export function canonical(value: Value): string {
    if (value === UNKNOWN) {
        return "unknown";
    }
    if (Array.isArray(value)) {
        return `[${value.map(canonical).join(",")}]`;
    }
    if (isProperties(value)) {
        const members = Object.keys(value)
            .filter((key) => value[key] !== undefined && value[key] !== null)
            .sort();
        return `{${members.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
    }
    return JSON.stringify(value ?? null);
}
