import type { z } from "zod";

/** What a person reads about a key. Pulumi.yaml and docs/configuration.md are printed from this: `npm run docs`. */
interface KeyFacts {
    /** What the value decides. A sentence. */
    meaning: string;
    /** Unit and range of the value. */
    range: string;
    /** What holds when the key is not set, for keys whose value then follows from others. */
    unset?: string;
    /** What a change of the key does to a lab that is up. A sentence. */
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
