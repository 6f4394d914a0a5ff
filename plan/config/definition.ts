import type { z } from "zod";

/**
 * What a change of a key does to a lab that is up, and how docs/configuration.md explains it. A change does nothing
 * that its key does not name. What another value means, and which values are refused, is in `onChange`.
 */
export const EFFECTS = {
    "in place": "Objects are added, removed or updated. Nothing that stays is restarted.",
    "rolls the clusters": "Each machine of each workload cluster is replaced by a new one, on another host.",
    "restarts the pairs": "The containers of sushy-tools and fake-ipa are replaced, and keep their state.",
    "restarts pods": "Pods of the management cluster are replaced, and keep their state.",
    "restarts the node": "The node's container is replaced over its volume, and all pods start again.",
    "another lab": "Refused in the preview while the lab is there. `npm run up -- --replace` replaces the lab.",
} as const;

export type Effect = keyof typeof EFFECTS;

/** What a person reads about a key. Pulumi.yaml and docs/configuration.md are printed from this: `npm run docs`. */
interface KeyFacts {
    /** What the value decides. A sentence. */
    meaning: string;
    /** Unit and range of the value. */
    range: string;
    /** What holds when the key is not set, for keys whose value then follows from others. */
    unset?: string;
    /** What a change of the key does to a lab that is up. */
    effects: readonly Effect[];
    /** The same in words, with the values that are refused. A sentence. */
    onChange: string;
}

/** A key that always has a value: the default, as a person would type it, is parsed by the same rules. */
export const withDefault = <Schema extends z.ZodType>(schema: Schema, value: string, facts: KeyFacts) => ({
    schema,
    default: value,
    ...facts,
});

/** A key whose value follows from the others when it is not set (see plan/sizes.ts). */
export const derived = <Schema extends z.ZodType>(schema: Schema, facts: KeyFacts & { unset: string }) => ({
    schema: schema.optional(),
    ...facts,
});
