import { z } from "zod";

/**
 * Variable of the task that installs Cluster API: version of each part that it installs and whose version can be
 * chosen, as JSON. Pulumi's state keeps it, which is how the next change knows what a lab has.
 */
export const PART_VERSIONS = "PART_VERSIONS";

const schema = z.record(z.string(), z.string().regex(/^\d+\.\d+\.\d+$/));

/**
 * Versions of parts, as {@link PART_VERSIONS} has them.
 * @param text undefined: every part has its own version
 * @throws Error when the text is none of those
 */
export function readPartVersions(text: string | undefined): Record<string, string> {
    const result = schema.safeParse(text === undefined ? {} : JSON.parse(text));
    if (!result.success) {
        throw new Error(`${PART_VERSIONS} must be JSON such as {"capi":"1.13.4"}, not ${text}`);
    }
    return result.data;
}
