import * as semver from "semver";

/**
 * Compares versions of two numbers or three, such as 10.11 and 39.0.0: below 0 where the first is lower.
 * @throws TypeError for a text without a number in it
 */
export const compareVersions = (one: string, other: string): number =>
    semver.compare(semver.coerce(one) ?? one, semver.coerce(other) ?? other);
