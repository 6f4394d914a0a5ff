import { z } from "zod";
import { hostProfile, type HostProfile } from "./definition";
import { DEFAULT_PROFILE, SHIPPED, WRITTEN } from "./shipped";

/** The profiles of a lab's hosts by name, each with its share. */
export type Mix = Readonly<Record<string, { readonly share: number; readonly profile: HostProfile }>>;

/** A profile's share is compared with the others': 70 and 30 are the same as 7 and 3. */
const MOST_SHARE = 1000;
const SHARE = `must be a share, a whole number from 1 to ${MOST_SHARE}`;
const share = z.number({ error: SHARE }).int(SHARE).min(1, SHARE).max(MOST_SHARE, SHARE);

/** A label of Kubernetes has it as its value. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const OWN = "{share, like: NAME, FIELD: VALUE}";
const shippedNames = Object.keys(SHIPPED).join(", ");

type Issue = (path: PropertyKey[], message: string) => void;

/** One entry: a share of a profile that the lab has, or a profile of one's own with its share. */
function entry(name: string, value: unknown, issue: Issue): Mix[string] | undefined {
    if (!NAME.test(name)) {
        issue([], "must be a name of lower-case letters, digits and dashes");
        return undefined;
    }
    const written = typeof value === "object" && value !== null ? value : { share: value, like: name };
    const { share: part, like, ...own } = written as { share?: unknown; like?: unknown };
    const counted = share.safeParse(part);
    if (!counted.success) {
        issue(typeof value === "object" && value !== null ? ["share"] : [], SHARE);
    }
    if (like !== undefined && (typeof like !== "string" || !Object.hasOwn(WRITTEN, like))) {
        const isOwn = typeof value === "object" && value !== null;
        issue(isOwn ? ["like"] : [], `is not a profile of the lab (${shippedNames})${isOwn ? "" : `: write ${OWN}`}`);
        return undefined;
    }
    const profile = hostProfile.safeParse({ ...(like === undefined ? {} : WRITTEN[like]), ...own });
    if (!profile.success) {
        profile.error.issues.forEach(({ path, message }) => issue(path, message));
    }
    return counted.success && profile.success ? { share: counted.data, profile: profile.data } : undefined;
}

/** Reads shares by name. Hosts of the profile {@link DEFAULT_PROFILE} are as fake-ipa has them by itself. */
export const hostMix = z.unknown().transform((value, context): Mix => {
    if (typeof value !== "object" || value === null || Array.isArray(value) || Object.keys(value).length === 0) {
        context.addIssue({ code: "custom", message: `must be an object: {NAME: SHARE}, or {NAME: ${OWN}}` });
        return z.NEVER;
    }
    const read = Object.entries(value).map(([name, each]): [string, Mix[string] | undefined] => {
        if (name === DEFAULT_PROFILE && typeof each === "object") {
            context.addIssue({ code: "custom", path: [name], message: "is the lab's own: give yours another name" });
            return [name, undefined];
        }
        return [
            name,
            entry(name, each, (path, message) => context.addIssue({ code: "custom", path: [name, ...path], message })),
        ];
    });
    return Object.fromEntries(read.filter((each): each is [string, Mix[string]] => each[1] !== undefined));
});

/** The hardware of the profile `name` of a lab. */
export function profileNamed(mix: Mix, name: string): HostProfile {
    const named = mix[name];
    if (named === undefined) {
        throw new Error(`this lab has no hosts of the profile ${name}`);
    }
    return named.profile;
}

/** Whether all hosts are of the profile that there is where none is chosen. */
export const isUniform = (mix: Mix): boolean => Object.keys(mix).every((name) => name === DEFAULT_PROFILE);

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/**
 * The profiles of hosts by index. In each prefix of the sequence the number of hosts of a profile is less than one off
 * its share: R. Tijdeman, "The chairman assignment problem" (Discrete Mathematics 32, 1980). The sequence follows from
 * names and shares alone, so that a host has the same profile in a lab of any size. It repeats itself once every
 * profile has had its whole share.
 */
export function profileSequence(shares: Readonly<Record<string, number>>): (index: number) => string {
    // Pulumi keeps no order of an object's keys.
    const names = Object.keys(shares).sort();
    const divisor = names.map((name) => shares[name] as number).reduce(gcd, 0);
    const parts = names.map((name) => (shares[name] as number) / divisor);
    const whole = parts.reduce((sum, part) => sum + part, 0);
    // Without fractions: all that is compared is multiplied by `whole` and by `steps`.
    const steps = 2 * Math.max(names.length, 2) - 2;
    const given = parts.map(() => 0);
    const period: string[] = [];
    for (let hosts = 1; hosts <= whole; hosts++) {
        const due = parts.map((part, each) => steps * (part * hosts - whole * (given[each] as number)));
        const next = parts
            .map((part, each) => ({ each, left: (steps * whole - whole - (due[each] as number)) / part }))
            .filter(({ each }) => (due[each] as number) >= whole)
            .reduce((first, other) => (other.left < first.left ? other : first)).each;
        given[next] = (given[next] as number) + 1;
        period.push(names[next] as string);
    }
    return (index) => period[index % whole] as string;
}

/** The names of the profiles of hosts by index. */
export const profileByIndex = (mix: Mix): ((index: number) => string) =>
    profileSequence(Object.fromEntries(Object.entries(mix).map(([name, each]) => [name, each.share])));
