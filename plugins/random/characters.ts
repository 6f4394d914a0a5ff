/** Random text from the classes of characters that RandomPassword asks for. */
import { randomInt } from "node:crypto";

export interface CharacterRules {
    /** Characters in all, at least 1 and at least the sum of the minimums. */
    length: number;
    lower: boolean;
    upper: boolean;
    numeric: boolean;
    special: boolean;
    minLower: number;
    minUpper: number;
    minNumeric: number;
    minSpecial: number;
    /** The special characters to draw from, where not {@link SPECIAL}. */
    overrideSpecial?: string;
}

/** The classes are those of terraform-provider-random, so that a password drawn here has the official form. */
export const LOWER = "abcdefghijklmnopqrstuvwxyz";
export const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
export const DIGITS = "0123456789";
export const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

/** The contradiction in the rules, or undefined. */
export function complaint(rules: CharacterRules): string | undefined {
    const minimums = rules.minLower + rules.minUpper + rules.minNumeric + rules.minSpecial;
    if (rules.length < minimums) {
        const sum = `minUpper + minLower + minNumeric + minSpecial = ${minimums}`;
        return `length must be at least ${sum}, but is ${rules.length}`;
    }
    if (rules.length > minimums && alphabet(rules) === "") {
        return "lower, upper, numeric and special are all false: no character is left to draw from";
    }
    if (rules.minSpecial > 0 && specials(rules) === "") {
        const left = "no special character is left to draw from";
        return `minSpecial is ${rules.minSpecial}, but overrideSpecial is empty: ${left}`;
    }
    return undefined;
}

/**
 * Draws text by the rules from the operating system's source of randomness. Every order of its characters is equally
 * likely.
 */
export function draw(rules: CharacterRules): string {
    const problem = complaint(rules);
    if (problem !== undefined) {
        throw new Error(problem);
    }
    const characters = [
        ...pick(LOWER, rules.minLower),
        ...pick(UPPER, rules.minUpper),
        ...pick(DIGITS, rules.minNumeric),
        ...pick(specials(rules), rules.minSpecial),
    ];
    characters.push(...pick(alphabet(rules), rules.length - characters.length));
    // Fisher-Yates shuffle: without it the characters of the minimums would always come first.
    for (let index = characters.length - 1; index > 0; index--) {
        const other = randomInt(index + 1);
        [characters[index], characters[other]] = [characters[other] as string, characters[index] as string];
    }
    return characters.join("");
}

function specials(rules: CharacterRules): string {
    return rules.overrideSpecial ?? SPECIAL;
}

function alphabet(rules: CharacterRules): string {
    return (
        (rules.special ? specials(rules) : "") +
        (rules.numeric ? DIGITS : "") +
        (rules.lower ? LOWER : "") +
        (rules.upper ? UPPER : "")
    );
}

function pick(from: string, count: number): string[] {
    const characters = [...from];
    return Array.from({ length: count }, () => characters[randomInt(characters.length)] as string);
}
