/** Checks, differences and previews, which need no object to exist. Pure, but for the random part of a name. */
import { randomBytes } from "node:crypto";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { ResourceDefinition } from "./definition";
import { ChangeKind, diffProperties } from "./diff";
import { DEFAULTS_KEY, Failure, PropertyTable, checkProperties, defaultsOf, withoutNotes } from "./property";
import { Properties, UNKNOWN, Value, fromStruct, mergeChecked, reveal, revealProperties, toStruct } from "./values";

/** Number of random hex digits after a generated name, as in the official plugins. */
const AUTONAME_DIGITS = 7;

/** Answers Check. @param fillDefaults whether the checked inputs hold the defaults, and a note of them. */
export function checkInputs(
    resource: ResourceDefinition,
    request: pb.CheckRequest,
    fillDefaults: boolean,
): pb.CheckResponse {
    const wire = Object.fromEntries(
        Object.entries(fromStruct(request.getNews())).filter(([, value]) => value !== null),
    );
    const named = autoname(resource, request);
    const news: Properties = { ...revealProperties(wire), ...named };
    const table = { properties: resource.inputs, notServed: resource.notServed, owner: resource.token, fillDefaults };
    const checked = checkProperties(news, table);
    const failures: Failure[] = [...checked.failures];
    if (failures.length === 0) {
        failures.push(...(resource.check?.(withoutNotes(checked.inputs)) ?? []));
    }
    if (fillDefaults) {
        const defaulted = checked.inputs[DEFAULTS_KEY] as string[];
        checked.inputs[DEFAULTS_KEY] = [...defaulted, ...Object.keys(named)].sort();
    }
    const inputs = mergeChecked(wire, checked.inputs) as Properties;
    const response = new pb.CheckResponse().setInputs(toStruct(inputs));
    response.setFailuresList(
        failures.map((failure) => new pb.CheckFailure().setProperty(failure.property).setReason(failure.reason)),
    );
    return response;
}

/**
 * The generated name where the program gives none: the resource's present name, else the engine's proposal, else a new
 * one.
 */
function autoname(resource: ResourceDefinition, request: pb.CheckRequest): Properties {
    const property = resource.autoname;
    const news = fromStruct(request.getNews());
    if (property === undefined || (news[property] !== undefined && news[property] !== null)) {
        return {};
    }
    const olds = fromStruct(request.getOlds());
    const old = reveal(olds[property]);
    if (typeof old === "string" && Array.isArray(olds[DEFAULTS_KEY]) && olds[DEFAULTS_KEY].includes(property)) {
        return { [property]: old };
    }
    const options = request.getAutonaming();
    if (options?.getMode() === pb.CheckRequest.AutonamingOptions.Mode.DISABLE) {
        return {};
    }
    if (options !== undefined && options.getProposedName() !== "") {
        return { [property]: options.getProposedName() };
    }
    const urn = request.getUrn();
    const seed = Buffer.from(request.getRandomseed_asU8());
    const suffix = (seed.length >= AUTONAME_DIGITS ? seed : randomBytes(AUTONAME_DIGITS))
        .toString("hex")
        .slice(0, AUTONAME_DIGITS);
    return { [property]: `${urn.slice(urn.lastIndexOf("::") + 2)}-${suffix}` };
}

const KINDS: Record<ChangeKind, [update: pb.PropertyDiff.Kind, replace: pb.PropertyDiff.Kind]> = {
    add: [pb.PropertyDiff.Kind.ADD, pb.PropertyDiff.Kind.ADD_REPLACE],
    delete: [pb.PropertyDiff.Kind.DELETE, pb.PropertyDiff.Kind.DELETE_REPLACE],
    update: [pb.PropertyDiff.Kind.UPDATE, pb.PropertyDiff.Kind.UPDATE_REPLACE],
};

/** Answers Diff, in detail. It compares inputs with inputs. */
export function detailedDiff(
    table: PropertyTable,
    olds: Properties,
    news: Properties,
    ignored: readonly string[],
): pb.DiffResponse {
    const difference = diffProperties(olds, news, table, ignored);
    const response = new pb.DiffResponse();
    response.setChanges(
        difference.changes.length > 0 ? pb.DiffResponse.DiffChanges.DIFF_SOME : pb.DiffResponse.DiffChanges.DIFF_NONE,
    );
    response.setReplacesList(difference.replaces);
    response.setDiffsList(difference.changed);
    response.setHasdetaileddiff(true);
    for (const change of difference.changes) {
        const detail = new pb.PropertyDiff().setKind(KINDS[change.kind][change.replace ? 1 : 0]).setInputdiff(true);
        response.getDetaileddiffMap().set(change.path, detail);
    }
    // Two objects cannot have the same name at a time: where the name stays, the old object has to go first.
    const sameName =
        "name" in table && news["name"] !== UNKNOWN && olds["name"] === news["name"] && news["name"] !== undefined;
    response.setDeletebeforereplace(difference.replaces.length > 0 && sameName);
    return response;
}

/** Inputs, defaults and what the provider adds, as the state keeps them. */
export function outputsOf(resource: ResourceDefinition, inputs: Properties, outputs: Properties): Properties {
    const known = new Set([...Object.keys(resource.inputs), ...Object.keys(resource.outputs)]);
    const all = { ...defaultsOf(resource.inputs), ...withoutNotes({ ...inputs, ...outputs }) };
    return Object.fromEntries(Object.entries(all).filter(([name]) => known.has(name)));
}

/** A new resource as a preview shows it. What the provider will choose is unknown. */
export function previewOfCreate(resource: ResourceDefinition, inputs: Properties): Properties {
    const chosen = Object.keys(resource.inputs).filter(
        (name) => resource.inputs[name]?.computed && inputs[name] === undefined,
    );
    const unknown = Object.fromEntries(
        [...chosen, ...Object.keys(resource.outputs)].map((name) => [name, UNKNOWN as Value]),
    );
    return { ...unknown, ...defaultsOf(resource.inputs), ...inputs, ...resource.preview?.(inputs) };
}

/**
 * An update in place as a preview shows it: all outputs stay, but for changed inputs and what the update may change.
 */
export function previewOfUpdate(resource: ResourceDefinition, olds: Properties, news: Properties): Properties {
    const outputs: Properties = {};
    for (const name of Object.keys(resource.outputs)) {
        outputs[name] = resource.changedByUpdate?.includes(name) ? UNKNOWN : olds[name];
    }
    for (const [name, property] of Object.entries(resource.inputs)) {
        outputs[name] = news[name] ?? (property.computed ? olds[name] : undefined);
    }
    return outputs;
}

/** The outputs to mark as secret, given the inputs that are secret. */
export function secretOutputs(resource: ResourceDefinition, secretInputs: ReadonlySet<string>): Set<string> {
    const always = Object.entries({ ...resource.inputs, ...resource.outputs }).flatMap(([name, property]) =>
        property.secret ? [name] : [],
    );
    const followers = resource.outputsFollowSecrets && secretInputs.size > 0 ? Object.keys(resource.outputs) : [];
    return new Set([...secretInputs, ...always, ...followers]);
}
