/** `random:index/randomId:RandomId` and `random:index/randomUuid:RandomUuid`. */
import { randomBytes, randomUUID } from "node:crypto";
import { Created, Found, ResourceDefinition } from "../shared/definition";
import { Properties } from "../shared/values";
import { KEEPERS } from "./strings";

/** The four spellings of an id's bytes. `id`, the base64url one without the prefix, names the resource. */
export function spellings(bytes: Buffer, prefix: string): Properties {
    return {
        b64Url: prefix + bytes.toString("base64url"),
        b64Std: prefix + bytes.toString("base64"),
        hex: prefix + bytes.toString("hex"),
        dec: prefix + BigInt(`0x0${bytes.toString("hex")}`).toString(10),
    };
}

export const randomId: ResourceDefinition = {
    token: "random:index/randomId:RandomId",
    description: "Random bytes, as the unique part of a name.",
    inputs: {
        byteLength: {
            type: "integer",
            description: "The number of random bytes to produce, at least 1.",
            required: true,
            replace: true,
            rule: (value: number) => (value >= 1 ? undefined : "must be at least 1"),
        },
        keepers: KEEPERS,
        prefix: { type: "string", description: "Arbitrary text before the output values.", replace: true },
    },
    outputs: {
        b64Std: { type: "string", description: "The id in base64.", required: true },
        b64Url: { type: "string", description: "The id in base64 for URLs.", required: true },
        dec: { type: "string", description: "The id as a decimal number.", required: true },
        hex: { type: "string", description: "The id in hexadecimal digits.", required: true },
    },
    notServed: [],
    create(inputs): Promise<Created> {
        const bytes = randomBytes(inputs["byteLength"] as number);
        return Promise.resolve({
            id: bytes.toString("base64url"),
            outputs: spellings(bytes, (inputs["prefix"] as string | undefined) ?? ""),
        });
    },
    read(id, state, inputs): Promise<Found> {
        if (inputs !== undefined) {
            return Promise.resolve({ id, inputs, outputs: state });
        }
        // The official form of an import id: `PREFIX,BASE64URL`, or the base64url alone.
        const comma = id.lastIndexOf(",");
        const prefix = comma < 0 ? "" : id.slice(0, comma);
        const text = id.slice(comma + 1);
        const bytes = Buffer.from(text, "base64url");
        if (bytes.length === 0 || bytes.toString("base64url") !== text) {
            return Promise.reject(
                new Error(`the import id must be BASE64URL or PREFIX,BASE64URL, but is ${JSON.stringify(id)}`),
            );
        }
        const found: Properties = { byteLength: bytes.length, ...(prefix === "" ? {} : { prefix }) };
        return Promise.resolve({ id: text, inputs: found, outputs: { ...found, ...spellings(bytes, prefix) } });
    },
    delete: () => Promise.resolve(),
};

export const randomUuid: ResourceDefinition = {
    token: "random:index/randomUuid:RandomUuid",
    description: "A random UUID (version 4, RFC 9562).",
    inputs: { keepers: KEEPERS },
    outputs: { result: { type: "string", description: "The UUID.", required: true } },
    notServed: [],
    create(): Promise<Created> {
        const result = randomUUID();
        return Promise.resolve({ id: result, outputs: { result } });
    },
    read(id, state, inputs): Promise<Found> {
        if (inputs !== undefined) {
            return Promise.resolve({ id, inputs, outputs: state });
        }
        if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) {
            return Promise.reject(new Error(`the import id must be a UUID, but is ${JSON.stringify(id)}`));
        }
        return Promise.resolve({ id, inputs: {}, outputs: { result: id } });
    },
    delete: () => Promise.resolve(),
};
