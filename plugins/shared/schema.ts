/**
 * Writes a package schema from the tables of the resources that are served.
 * See https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/.
 */
import type { ProviderDefinition, ResourceDefinition } from "./definition";
import { PropertyTable, PropertyType } from "./property";

type Json = Record<string, unknown>;

/** The schema of the resources a provider serves, under their official tokens, as JSON text. */
export function schemaOf(provider: ProviderDefinition): string {
    const types: Json = {};
    const resources = Object.fromEntries(
        provider.resources.map((resource) => [resource.token, resourceSchema(resource, types)]),
    );
    return JSON.stringify({
        name: provider.name,
        version: provider.version,
        description: provider.description,
        config: { variables: properties(provider.config, types) },
        provider: {
            type: "object",
            inputProperties: properties(provider.config, types),
            properties: properties(provider.config, types),
        },
        types,
        resources,
    });
}

function resourceSchema(resource: ResourceDefinition, types: Json): Json {
    const outputs = { ...resource.inputs, ...resource.outputs };
    return {
        description: resource.description,
        inputProperties: properties(resource.inputs, types),
        requiredInputs: required(resource.inputs),
        properties: properties(outputs, types),
        required: [
            ...required(resource.inputs),
            ...Object.keys(resource.outputs).filter((name) => outputs[name]?.required),
        ],
    };
}

function required(table: PropertyTable): string[] {
    return Object.keys(table).filter((name) => table[name]?.required);
}

function properties(table: PropertyTable, types: Json): Json {
    return Object.fromEntries(
        Object.entries(table).map(([name, property]) => [
            name,
            {
                ...typeSchema(property.type, types),
                description: property.description,
                ...(property.default !== undefined && typeof property.default !== "object"
                    ? { default: property.default }
                    : {}),
                ...(property.replace ? { willReplaceOnChanges: true } : {}),
                ...(property.secret ? { secret: true } : {}),
            },
        ]),
    );
}

function typeSchema(type: PropertyType, types: Json): Json {
    if (typeof type === "string") {
        return type === "any" ? { $ref: "pulumi.json#/Any" } : { type };
    }
    if ("list" in type) {
        return { type: "array", items: typeSchema(type.list, types) };
    }
    if ("map" in type) {
        return { type: "object", additionalProperties: typeSchema(type.map, types) };
    }
    if (!(type.object in types)) {
        types[type.object] = {};
        types[type.object] = {
            type: "object",
            properties: properties(type.properties, types),
            required: required(type.properties),
        };
    }
    return { $ref: `#/types/${type.object}` };
}
